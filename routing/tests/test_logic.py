"""What is said of expressions without data is never wrong, and finds what people get wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.core import logic
from routing.core.expressions import parse
from routing.core.logic import always_holds, can_hold, can_hold_together, implies

NEVER = [
    "1 == 0",
    "'a' == 'b' OR 2 < 1",
    "topic == 'a' AND topic == 'b'",
    "topic == 'a' AND vip == true AND topic != 'a'",
    "topic IN ['a', 'b'] AND topic == 'c'",
    "level > 5 AND level < 3",
    "level > 5 AND level <= 5",
    "level >= 5 AND level == '7'",
    "skills HAS 'a' AND skills == 'a'",
    "skills HAS 'a' AND NOT skills HAS 'a'",
    "skills HAS ['a']",
    "topic IN 'abc'",
    "'abc' HAS topic",
    "topic CONTAINS 5",
    "topic == ['a']",
    "level < true",
    "topic CONTAINS 'a' AND topic == 'b'",
    "topic CONTAINS 'ab' AND NOT topic CONTAINS 'a'",
    "a == null AND a == 1",
    "a == b AND NOT a == b",
    "(topic == 'a' OR topic == 'b') AND topic == 'c'",
    "NOT (a == null OR a != null)",
]
SOMETIMES = [
    "topic == 'a'",
    "topic == 'a' AND kind == 'b'",
    "level > 5 AND level < 6",
    "level > 5 AND level < 5.5 AND level != 5.25",
    "topic > 'a' AND topic < 'b'",
    "topic CONTAINS 'z' AND topic < 'b'",
    "topic CONTAINS 'ab' AND topic CONTAINS 'bc' AND NOT topic CONTAINS 'abbc'",
    "skills HAS 'a' AND skills HAS 'b' AND NOT skills HAS 'c'",
    "skills HAS 'a' AND skills != null",
    "a == b",
    "a == b AND a != b",
    "a == 1 AND a != b",
    "a != ['x']",
    "a == null AND a.b == null",
    "level > 100000000000000000000 AND level < 100000000000000000001",
    "topic NOT IN ['a', 'b'] AND topic != null",
    "a != 0 AND NOT a != false",
]
ALWAYS = ["1 == 1", "'a' IN ['a'] OR x == 1", "a == null OR a != null", "NOT (a == 1 AND a == 2)", "NOT 1 == 2"]


@pytest.mark.parametrize("text", NEVER)
def test_what_no_data_satisfies_is_found(text):
    assert not can_hold(parse(text))


@pytest.mark.parametrize("text", SOMETIMES)
def test_what_some_data_satisfy_is_left_alone(text):
    assert can_hold(parse(text))
    assert not always_holds(parse(text))


@pytest.mark.parametrize("text", ALWAYS)
def test_what_all_data_satisfy_is_found(text):
    assert always_holds(parse(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("topic == 'a'", "topic == 'a'"),
        ("topic=='a'", '( topic == "a" )'),
        ("topic == 'a' AND vip == true", "topic == 'a'"),
        ("topic == 'a'", "topic IN ['a', 'b']"),
        ("topic == 'a'", "topic == 'a' OR topic == 'b'"),
        ("level > 5", "level >= 5"),
        ("level == 7", "level > 5"),
        ("topic == 'a'", "1 == 1"),
        ("topic == 'a'", "topic != null"),
        ("skills HAS 'a' AND skills HAS 'b'", "skills HAS 'b'"),
        ("vip == true AND (topic == 'a' OR topic == 'b')", "topic IN ['b', 'a', 'c']"),
    ],
)
def test_what_follows_from_another_expression_is_found(one, other):
    assert implies(parse(one), parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("topic IN ['a', 'b']", "topic == 'a'"),
        ("topic == 'a'", "topic == 'a' AND vip == true"),
        ("level >= 5", "level > 5"),
        ("topic != null", "topic == 'a'"),
        ("topic != 'a'", "topic == 'b'"),
        ("1 == 1", "topic == 'a'"),
        ("a == false", "a == 0"),
        ("a == '1'", "a == 1"),
    ],
)
def test_what_does_not_follow_is_not_claimed(one, other):
    assert not implies(parse(one), parse(other))


def test_two_that_exclude_each_other_are_found():
    assert not can_hold_together(parse("topic == 'a'"), parse("topic == 'b'"))
    assert can_hold_together(parse("topic == 'a'"), parse("vip == true"))


def test_what_is_too_much_to_look_at_is_left_alone():
    wide = parse(" AND ".join(f"(a{n} == 1 OR b{n} == 1)" for n in range(40)))
    hopeless = parse(wide.text + " AND x == 1 AND x == 2")

    assert can_hold(wide)
    assert not always_holds(wide)
    assert not can_hold(hopeless)


SCALARS = st.sampled_from([None, True, False, 0, 1, 2, 2.5, "a", "b", "ab", ""])
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.just({}))
NAMES = st.sampled_from(["x", "y"])


def written(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value))
        if not isinstance(value, int)
        else (str(value).lower())
    )


CONSTANTS = st.one_of(SCALARS.map(written), st.lists(SCALARS.map(written), min_size=1, max_size=3).map(
    lambda items: f"[{', '.join(items)}]"
))  # fmt: skip
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "CONTAINS", "HAS", "IN", "NOT IN"])
SIDES = st.one_of(st.tuples(NAMES, OPERATORS, CONSTANTS), st.tuples(CONSTANTS, OPERATORS, NAMES),
                  st.tuples(NAMES, OPERATORS, NAMES))  # fmt: skip
EXPRESSIONS = st.recursive(
    SIDES.map(" ".join),
    lambda inner: st.one_of(
        inner.map(lambda text: f"NOT ({text})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' AND '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, EXPRESSIONS, st.lists(st.fixed_dictionaries({}, optional={"x": VALUES, "y": VALUES}), min_size=8))
def test_no_data_contradict_what_is_said(one, other, scopes):
    first, second = parse(one), parse(other)
    for scope in scopes:
        if not can_hold(first):
            assert not first(scope)
        if always_holds(first):
            assert first(scope)
        if implies(first, second):
            assert second(scope) or not first(scope)
        if not can_hold_together(first, second):
            assert not (first(scope) and second(scope))


def test_a_pair_of_long_expressions_is_left_undecided_instead_of_being_compared_case_by_case(monkeypatch):
    looked_at = []
    look = logic._is_possible
    monkeypatch.setattr(logic, "_is_possible", lambda case: looked_at.append(case) or look(case))

    def long(kind):
        any_of = " OR ".join(f"{kind}a{number} == 1" for number in range(63))
        all_of = " AND ".join(f"{kind}b{number} == 1" for number in range(63))
        return parse(f"{any_of} OR ({all_of})")

    assert not implies(long("x"), long("y"))

    assert len(looked_at) < 1000


def test_a_case_with_very_many_claims_is_taken_for_possible_without_a_look(monkeypatch):
    fits = logic._fits
    monkeypatch.setattr(logic, "_fits", lambda claims: fits(claims) if len(claims) < 90 else pytest.fail("looked at"))

    assert can_hold(parse(" AND ".join(f"a CONTAINS '{number}'" for number in range(100))))


def test_long_expressions_are_not_held_on_to(monkeypatch):
    looked_at = []
    look = logic._cases
    monkeypatch.setattr(logic, "_cases", lambda *asked: looked_at.append(asked) or look(*asked))
    short, long = parse("held == 1"), parse(" OR ".join(["held == 2"] * 50))

    for expression in (short, short, long, long):
        assert can_hold(expression)

    assert len([asked for asked in looked_at if asked[0] is short.tree]) == 1
    assert len([asked for asked in looked_at if asked[0] is long.tree]) == 2
