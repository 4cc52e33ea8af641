"""The language of https://www.twilio.com/docs/taskrouter/expression-syntax, with what it leaves open settled.

A test is a rule and its parameters are the rule's rows, so that a row can be cited by name.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.core import expressions
from routing.core.expressions import ExpressionError, parse, parse_target
from routing.core.syntax import read, read_path
from routing.tests import generated, interpreter

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
    "país": "ES",
    "customer-value": 1,
}


def rows(table: dict[str, bool]) -> Any:
    """Each row under its own text."""
    given = [pytest.param(text, expected, id=text) for text, expected in table.items()]
    return pytest.mark.parametrize(("text", "expected"), given)


# --- values ---


@rows({"name == 'Gold'": True, 'name == "Gold"': True, "name == 'gold'": False, "name != 'gold'": True})
def test_text_is_compared_with_its_case(text, expected):
    assert parse(text)(FACTS) is expected


@rows({"name = 'Gold'": True, "level = 4": False})
def test_a_single_equals_sign_is_equality(text, expected):
    assert parse(text)(FACTS) is expected


@rows({"1==1": True, "1 == 1.0": True, "ratio == 1": True, "1 == 1.00": True, "1e1 == 10": True, "-0 == 0": True})
def test_all_numbers_are_of_one_kind(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "1 == '1'": False,
        "1 != '1'": True,
        "vip == true": True,
        "vip == TRUE": True,
        "vip == 'true'": False,
        "vip == 1": False,
        "vip != 1": True,
        "level > '4'": False,
        "numbers HAS true": False,
        "vip IN [1]": False,
    }
)
def test_different_kinds_are_never_equal_and_have_no_order(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "level >= 5": True,
        "level > 5": False,
        "level < 5.5": True,
        "level <= 4": False,
        "name > 'Fold'": True,
        "name <= 'Gold'": True,
        "vip > false": False,
        "nothing >= null": False,
    }
)
def test_numbers_and_texts_have_an_order(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "'Gold' == name": True,
        "null != level": True,
        "-3 < level": True,
        "5 >= level": True,
        "5 > level": False,
        "'billing' IN skills": True,
        "['a', 'Gold'] HAS name": True,
        "'abcd' CONTAINS text": True,
    }
)
def test_constants_may_stand_on_either_side(text, expected):
    assert parse(text)(FACTS) is expected


@rows({"'it\\'s' == \"it's\"": True, "'a\\\\' == \"a\\\\\"": True, "'\\n' == 'n'": False})
def test_a_backslash_takes_a_quotation_mark_into_a_text(text, expected):
    assert parse(text)(FACTS) is expected


# --- null, and what is missing ---


@rows(
    {
        "missing == null": True,
        "missing != null": False,
        "missing == 'x'": False,
        "missing != 'x'": True,
        "missing > 1": False,
        "missing CONTAINS 'x'": False,
        "missing HAS 'x'": False,
        "missing IN ['x']": False,
        "missing NOT IN ['x']": True,
        "missing.deeper.still == null": True,
        "name.deeper == null": True,
        "skills.first == null": True,
    }
)
def test_a_missing_name_is_null(text, expected):
    assert parse(text)(FACTS) is expected


@rows({"nothing == NULL": True, "skills != null": True, "skills == null": False, "account != null": True})
def test_null_asks_for_existence(text, expected):
    assert parse(text)(FACTS) is expected


# --- arrays ---


@rows(
    {
        "skills HAS 'billing'": True,
        "skills HAS 'Billing'": False,
        "numbers HAS 2.0": True,
        "numbers HAS null": True,
        "skills HAS ['billing']": False,
        "[['a']] HAS ['a']": False,
    }
)
def test_has_finds_a_scalar_in_an_array(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "name IN ['Gold', 'Silver']": True,
        "name IN ['Silver']": False,
        "name NOT IN ['Silver']": True,
        "name NOT IN ['Gold']": False,
        "level IN [level, 1]": True,
        "level IN [4, 5]": True,
        "nothing IN [null]": True,
        "nothing NOT IN [null]": False,
    }
)
def test_in_and_not_in_ask_for_membership(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "'a' IN 'abc'": False,
        "'abc' HAS 'a'": False,
        "'a' NOT IN 'abc'": False,
        "name HAS 'Gold'": False,
        "level NOT IN 5": False,
        "name NOT IN missing": False,
    }
)
def test_array_operators_on_two_scalars_are_false(text, expected):
    assert parse(text)(FACTS) is expected


@rows({"skills NOT IN ['x']": False, "account NOT IN ['x']": False, "skills IN ['billing']": False})
def test_arrays_and_objects_are_members_of_nothing(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "['a'] == ['a']": False,
        "['a'] != ['b']": False,
        "['a'] CONTAINS 'a'": False,
        "skills CONTAINS 'billing'": False,
        "skills == 'billing'": False,
        "skills != 'billing'": False,
        "skills > 'a'": False,
        "account == account": False,
        "account != 'x'": False,
    }
)
def test_scalar_operators_on_arrays_and_objects_are_false(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "text CONTAINS 'b'": True,
        "text CONTAINS ''": True,
        "text CONTAINS 'B'": False,
        "text CONTAINS 1": False,
        "level CONTAINS 5": False,
    }
)
def test_contains_finds_a_text_in_a_text(text, expected):
    assert parse(text)(FACTS) is expected


# --- names ---


@rows(
    {
        "account.tier == 'gold'": True,
        "account.owners[1].id == 'b'": True,
        "account.owners[9].id == null": True,
        "account.owners[99999999999999999999].id == null": True,
        "account . owners [ 0 ] . id == 'a'": True,
        "skills[0] == 'billing'": True,
        "account[0] == null": True,
    }
)
def test_dotted_paths_and_indices_resolve(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {"$cost == 3": True, "in_box == 1": True, "país == 'ES'": True, "information == null": True, "nota == null": True}
)
def test_names_are_letters_digits_underscore_and_dollar(text, expected):
    assert parse(text)(FACTS) is expected


# --- logic ---


@rows(
    {
        "1==1 OR 1==2 AND 1==2": True,
        "1==2 AND 1==2 OR 1==1": True,
        "(1==1 OR 1==2) AND 1==2": False,
        "1==2 or\n1==1": True,
    }
)
def test_and_binds_tighter_than_or(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {
        "name in ['Gold']": True,
        "name nOt iN ['Gold']": False,
        "skills has 'billing'": True,
        "text contains 'a'": True,
        "1==1 and 2==2": True,
        "skills ha\u017f 'billing'": True,  # An old long s: without case it is one.
    }
)
def test_keywords_may_be_written_in_either_case(text, expected):
    assert parse(text)(FACTS) is expected


@rows(
    {"NOT 1==2": True, "not (1==1 and 2==2)": False, "NOT level == 5 OR vip == true": True, "NOT name IN ['x']": True}
)
def test_not_before_a_condition_is_our_extension(text, expected):
    assert parse(text)(FACTS) is expected


# --- refusals ---


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
        ("skills[-1] == 1", 1, 8, "whole number"),
        ("skills[1 == 1", 1, 10, "]"),
        ("level NOT 5", 1, 11, "IN"),
        ("and == 1", 1, 1, "value"),
        ("account.in == 1", 1, 9, "name"),
        ("x IN []", 1, 7, "value"),
        ("customer-value == 1", 1, 9, ""),
        ("level-1 == 4", 1, 6, ""),
        ("name == 'Gold", 1, 9, ""),
        ("5level == 1", 1, 1, "value"),
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

    with pytest.raises(ExpressionError, match="nested more than 50 deep"):
        parse("NOT (" * 60 + "1==1" + ")" * 60)
    with pytest.raises(ExpressionError, match="nested more than 50 deep"):
        parse("1 IN " + "[" * 1000 + "1" + "]" * 1000)
    with pytest.raises(ExpressionError, match="nested more than 50 deep"):
        parse("(1==1 AND (1==2 OR " * 100 + "1==1" + "))" * 100)


def test_long_junctions_are_wide_and_not_deep():
    assert parse(" OR ".join(["1==2"] * 400 + ["1==1"]))({})


# --- compiled once, asked often ---


def test_same_text_is_compiled_once():
    assert parse("level == 42") is parse("level == 42")


def test_expressions_of_the_same_text_are_equal():
    once = parse("level == 43")
    expressions._short.cache_clear()

    assert once == parse("level == 43")
    assert hash(once) == hash(parse("level == 43"))
    assert once != parse("level == 44")


def test_of_long_expressions_few_are_kept():
    for number in range(300):
        parse(" OR ".join([f"level == {number}"] * 50))

    assert expressions._long.cache_info().currsize == 256
    assert expressions._short.cache_info().maxsize > 4096


def test_target_names_must_be_prefixed():
    assert parse_target("worker.level >= task.level")({"task": {"level": 1}, "worker": {"level": 2}})

    for text in ("level == 1", "task == 1", "worker.level > minimum", "1 IN [worker.level, x]"):
        with pytest.raises(ExpressionError) as caught:
            parse_target(text)
        assert caught.value.expected == "task. or worker."


def test_paths_are_those_under_the_root():
    expression = parse("task.a.b == worker.c AND task.a.b > 1 OR task.d[0] == 2")

    assert expression.paths("task") == (("a", "b"), ("d", 0))


def test_a_comparison_knows_its_place():
    text = "vip == true AND\n  account.owners[ 1 ].id IN ['a',\n'b'] AND skills[ 0 ] != \"x\""

    places = [
        (part.place.line, part.place.column, text[part.place.start : part.place.end]) for part in read(text).parts
    ]

    assert places == [
        (1, 1, "vip == true"),
        (2, 3, "account.owners[ 1 ].id IN ['a',\n'b']"),
        (3, 10, 'skills[ 0 ] != "x"'),
    ]


def test_a_path_is_a_name_and_nothing_else():
    assert read_path(" task.account.owners[0] ") == ("task", "account", "owners", 0)

    for text in ("task.a == 1 OR task.b", "'task'", "1", "", "task.a == task.b", "NOT task", "[task]"):
        with pytest.raises(ExpressionError):
            read_path(text)


# --- whatever comes ---


@given(generated.expressions, generated.data)
def test_the_compiler_agrees_with_the_plain_interpreter(text, facts):
    assert parse(text)(facts) is interpreter.truth(read(text), facts)


SIDES = ("a", "b.a", "1", "1.0", "'x'", "true", "null", "['x', 'xy']", "[1, true, null]", "[1, 'x']", "[a]")


@pytest.mark.parametrize("operator", generated.OPERATORS)
def test_each_operator_agrees_with_the_plain_interpreter_on_each_pair_of_kinds(operator):
    for text in (f"{left} {operator} {right}" for left in SIDES for right in SIDES):
        for value in (*generated.SCALARS, [], ["x"], [1, None], [True], {}, {"a": 1}):
            facts = {"a": value, "b": {"a": ["x", value]}}
            assert parse(text)(facts) is interpreter.truth(read(text), facts), (text, value)


json_values = st.recursive(
    st.sampled_from(generated.SCALARS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=4,
)


@given(generated.expressions, st.dictionaries(st.sampled_from("ab"), json_values, max_size=2))
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


words = st.sampled_from(
    ("a", "a.b", "[", "]", "(", ")", ",", ".", "'x'", "1", "-", "==", "=", "<", "has", "in", "not", "and", "or", "null")
)


@given(st.lists(words, max_size=12).map(" ".join))
def test_any_words_in_any_order_are_an_expression_or_a_clear_refusal(text):
    try:
        outcome = parse(text)({})
    except ExpressionError as refusal:
        outcome = (refusal.line, refusal.column)

    assert outcome in (True, False) or (1, 1) <= outcome <= (1, len(text) + 1)
