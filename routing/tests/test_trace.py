"""Why an expression holds or not: the comparisons that decided, with what was found on both sides."""

import pytest
from hypothesis import given

from routing.core.expressions import parse
from routing.core.syntax import Comparison, Junction, Negation, read
from routing.core.trace import MAX_CLAUSES, MAX_TEXT, shown, why, why_not
from routing.tests import generated

WORKER = {
    "skills": ["sales", "Support"],
    "level": 2,
    "team": "night",
    "office": {"city": "Quito"},
    "active": True,
}


def texts(expression):
    return [clause.text for clause in why_not(parse(expression), WORKER)]


def test_a_failed_comparison_tells_its_place_and_what_was_found():
    (clause,) = why_not(parse("level >= 1 AND\n  skills HAS 'billing'"), WORKER)

    assert (clause.text, clause.line, clause.column) == ("skills HAS 'billing'", 2, 3)
    assert clause.operator == "has"
    assert not clause.held
    assert [(side.text, side.value) for side in clause.found] == [("skills", "['sales', 'Support']")]
    assert (clause.right.text, clause.right.constant) == ("'billing'", True)


def test_what_holds_failed_on_nothing():
    assert why_not(parse("level >= 1"), WORKER) == ()


def test_an_and_fails_on_its_first_false_part():
    assert texts("level == 2 AND team == 'day' AND level == 9") == ["team == 'day'"]


def test_an_or_fails_on_all_of_its_parts():
    assert texts("level == 9 OR (team == 'day' AND level == 8) OR level == 7") == [
        "level == 9",
        "team == 'day'",
        "level == 7",
    ]


def test_a_not_fails_on_what_held():
    (clause,) = why_not(parse("level == 2 AND NOT (team == 'day' OR skills HAS 'sales')"), WORKER)

    assert (clause.text, clause.held) == ("skills HAS 'sales'", True)
    assert texts("NOT (level == 2 AND team == 'night')") == ["level == 2", "team == 'night'"]


def test_what_holds_can_be_asked_as_well():
    trace = why(parse("level == 9 OR team == 'night' OR level == 2"), WORKER)

    assert trace.held
    assert [clause.text for clause in trace.clauses] == ["team == 'night'"]


def test_both_sides_are_told_where_both_are_looked_up():
    scope = {"worker": {"languages": ["en"]}, "task": {"language": "es"}}

    (clause,) = why_not(parse("worker.languages HAS task.language"), scope)

    assert [(side.text, side.value) for side in clause.found] == [
        ("worker.languages", "['en']"),
        ("task.language", "'es'"),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nothing == 1", "missing"),
        ("nothing HAS 'x'", "missing"),
        ("level == '2'", "kinds"),
        ("active > 0", "kinds"),
        ("skills == 'sales'", "array"),
        ("office CONTAINS 'Quito'", "array"),
        ("team HAS 'night'", "no-array"),
        ("'night' NOT IN team", "no-array"),
        ("team == 'Night'", "case"),
        ("skills HAS 'support'", "case"),
        ("team IN ['NIGHT', 'day']", "case"),
        ("level == 3", ""),
        ("skills HAS 'billing'", ""),
        ("NOT level == 2", ""),
    ],
)
def test_a_likely_mistake_is_named(text, hint):
    (clause,) = why_not(parse(text), WORKER)

    assert clause.hint == hint


def test_reasons_and_values_are_bounded():
    many = " OR ".join(f"level == {n}" for n in range(10, 60))
    long = {"a": "x" * 5000, "b": list(range(5000)), "c": "y " * 500}

    assert len(why_not(parse(many), WORKER)) == MAX_CLAUSES
    clauses = why_not(parse(f"a == 1 OR b HAS 'x' OR c == '{'z' * 500}'"), long)
    for clause in clauses:
        assert all(len(text) <= MAX_TEXT for side in (clause.left, clause.right) for text in (side.text, side.value))
        assert len(clause.text) <= MAX_TEXT
    assert clauses[0].left.value.endswith("x…")


def test_values_are_shown_as_they_would_be_written():
    assert shown(None) == "null"
    assert shown("it's\n\\n") == "'it\\'s \\\\n'"
    assert shown({"a": [True, {"b": 1.5}]}) == "{a: [true, {b: 1.5}]}"
    assert shown([[[[1]]]]) == "[[[[…]]]]"


def test_a_value_nested_out_of_all_reason_is_shown_all_the_same():
    deep = []
    for _ in range(5000):
        deep = [deep]

    assert shown(deep) == "[[[[…]]]]"


def outcome(node, decided, others):
    """The verdict when comparisons at ``decided`` places are as they are, and all ``others`` are the opposite."""
    match node:
        case Negation(part):
            return not outcome(part, decided, others)
        case Junction(conjunction, parts):
            return (all if conjunction else any)(outcome(part, decided, others) for part in parts)
        case Comparison():
            return decided.get((node.place.line, node.place.column), others)


@given(generated.expressions, generated.data)
def test_the_reasons_alone_decide(text, facts):
    trace = why(parse(text), facts)
    decided = {(clause.line, clause.column): clause.held for clause in trace.clauses}

    assert trace.held is parse(text)(facts)
    assert outcome(read(text), decided, False) is outcome(read(text), decided, True) is trace.held
