"""The language of https://www.twilio.com/docs/taskrouter/expression-syntax, with what it leaves open settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.core.expressions import ExpressionError, parse, parse_target

FACTS = {
    "name": "Gold",
    "level": 5,
    "ratio": 1.0,
    "vip": True,
    "nothing": None,
    "skills": ["billing", "spanish"],
    "numbers": [1, 2, None],
    "account": {"tier": "gold", "owners": [{"id": "a"}, {"id": "b"}]},
    "text": "abc",
    "in_box": 1,
    "$cost": 3,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # equality
        ("1==1", True),
        ("name == 'Gold'", True),
        ("name = 'Gold'", True),
        ('name == "Gold"', True),
        ("name == 'gold'", False),
        ("'Gold' == name", True),
        ("name != 'gold'", True),
        ("1 == 1.0", True),
        ("ratio == 1", True),
        ("1 == 1.00", True),
        ("1 == '1'", False),
        ("1 != '1'", True),
        ("vip == true", True),
        ("vip == TRUE", True),
        ("vip == 'true'", False),
        ("vip == 1", False),
        # order
        ("level >= 5", True),
        ("level > 5", False),
        ("level < 5.5", True),
        ("level <= 4", False),
        ("level > '4'", False),
        ("name > 'Fold'", True),
        ("vip > false", False),
        ("-3 < level", True),
        # null and what is missing
        ("missing == 'x'", False),
        ("missing == null", True),
        ("missing != null", False),
        ("missing != 'x'", True),
        ("nothing == NULL", True),
        ("skills != null", True),
        ("skills == null", False),
        ("account != null", True),
        ("missing HAS 'x'", False),
        ("missing IN ['x']", False),
        ("missing NOT IN ['x']", True),
        ("missing > 1", False),
        ("missing.deeper.still == null", True),
        # array operators
        ("skills HAS 'billing'", True),
        ("skills has 'Billing'", False),
        ("numbers HAS 2.0", True),
        ("numbers HAS null", True),
        ("name IN ['Gold', 'Silver']", True),
        ("name in ['Silver']", False),
        ("name NOT IN ['Silver']", True),
        ("name not in ['Gold']", False),
        ("'billing' IN skills", True),
        ("name HAS 'Gold'", False),
        ("'a' IN 'abc'", False),
        ("'abc' HAS 'a'", False),
        ("'a' NOT IN 'abc'", False),
        ("skills NOT IN ['x']", False),
        ("level IN [level, 1]", True),
        # scalar operators on arrays and objects
        ("['a'] == ['a']", False),
        ("['a'] != ['b']", False),
        ("skills CONTAINS 'billing'", False),
        ("skills == 'billing'", False),
        ("skills != 'billing'", False),
        ("account == account", False),
        # text
        ("text CONTAINS 'b'", True),
        ("text contains 'B'", False),
        ("text CONTAINS 1", False),
        ("level CONTAINS 5", False),
        # paths
        ("account.tier == 'gold'", True),
        ("account.owners[1].id == 'b'", True),
        ("account.owners[9].id == null", True),
        ("skills[0] == 'billing'", True),
        ("$cost == 3", True),
        ("in_box == 1", True),
        # logic
        ("1==1 OR 1==2 AND 1==2", True),
        ("(1==1 OR 1==2) AND 1==2", False),
        ("NOT 1==2", True),
        ("not (1==1 and 2==2)", False),
        ("1==2 or\n1==1", True),
        ("'it\\'s' == \"it's\"", True),
    ],
)
def test_truth_table(text, expected):
    assert parse(text)(FACTS) is expected


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("", 1, 1, "value"),
        ("   ", 1, 1, "value"),
        ("level ==", 1, 9, "value"),
        ("level 5", 1, 7, "operator"),
        ("level", 1, 6, "operator"),
        ("level == 5 vip == true", 1, 12, "AND, OR or the end"),
        ("(level == 5", 1, 12, "AND, OR or )"),
        ("level == 5)", 1, 11, "AND, OR or the end"),
        ("skills HAS ['a' 'b']", 1, 17, "comma or ]"),
        ("level == 5 and\n  name ~ 'x'", 2, 8, "operator"),
        ("account. == 1", 1, 10, "name"),
        ("skills[x] == 1", 1, 8, "whole number"),
        ("skills[1.5] == 1", 1, 8, "whole number"),
        ("level NOT 5", 1, 11, "IN"),
        ("and == 1", 1, 1, "value"),
        ("account.in == 1", 1, 9, "name"),
        ("x IN []", 1, 7, "value"),
        ("customer-value == 1", 1, 9, ""),
        ("level-1 == 4", 1, 6, ""),
        ("name == 'Gold", 1, 9, ""),
    ],
)
def test_error_tells_the_place_and_what_was_expected(text, line, column, expected):
    with pytest.raises(ExpressionError) as caught:
        parse(text)

    assert (caught.value.line, caught.value.column, caught.value.expected) == (line, column, expected)
    assert caught.value.code == "invalid-expression"
    assert f"Line {line}, column {column}" in str(caught.value)


def test_hyphenated_name_is_refused_by_its_reason():
    with pytest.raises(ExpressionError, match="cannot contain a hyphen"):
        parse("customer-value == 1")


def test_length_is_limited_to_four_kilobytes():
    parse(f"name == '{'x' * (4096 - 10)}'")

    with pytest.raises(ExpressionError, match="4096 bytes"):
        parse(f"name == '{'x' * (4096 - 9)}'")
    with pytest.raises(ExpressionError, match="4096 bytes"):
        parse(f"name == '{'é' * 2048}'")


def test_depth_is_limited_and_parentheses_alone_are_not_depth():
    parse("(" * 500 + "1==1" + ")" * 500)
    parse("NOT (" * 48 + "1==1" + ")" * 48)

    with pytest.raises(ExpressionError, match="nested"):
        parse("NOT (" * 60 + "1==1" + ")" * 60)


def test_long_junctions_are_wide_and_not_deep():
    assert parse(" OR ".join(["1==2"] * 400 + ["1==1"]))({})


def test_same_text_is_compiled_once():
    assert parse("level == 42") is parse("level == 42")


def test_target_names_must_be_prefixed():
    assert parse_target("worker.level >= task.level")({"task": {"level": 1}, "worker": {"level": 2}})

    for text in ("level == 1", "task == 1", "worker.level > minimum", "1 IN [worker.level, x]"):
        with pytest.raises(ExpressionError) as caught:
            parse_target(text)
        assert caught.value.expected == "task. or worker."


def test_paths_are_those_under_the_root():
    expression = parse("task.a.b == worker.c AND task.a.b > 1 OR task.d[0] == 2")

    assert expression.paths("task") == (("a", "b"), ("d", 0))


names = st.sampled_from(["a", "b", "a.b", "a[0]", "b.c[1].d", "missing"])
values = st.one_of(names, st.integers(-5, 5).map(str), st.sampled_from(["'x'", "true", "null", "['x', 1, a]", "1.5"]))
operators = st.sampled_from(["==", "=", "!=", "<", "<=", ">", ">=", "CONTAINS", "HAS", "in", "NOT IN"])
comparisons = st.tuples(values, operators, values).map(" ".join)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"NOT ({text})"),
    ),
    max_leaves=8,
)
data = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=10,
)


@given(expressions, st.dictionaries(st.sampled_from("abcd"), data, max_size=4))
def test_a_test_never_raises_whatever_the_data(text, facts):
    assert parse(text)(facts) in (True, False)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_clear_refusal(text):
    try:
        parse(text)
    except ExpressionError as refusal:
        error = refusal
    else:
        return

    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
