"""How parameters are read."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from kernel.errors import Invalid
from taskrouter.forms import Choice, Choices, Document, Flag, Form, Moment, Ordering, Sid, Text, Whole

WA = "WA" + "0" * 32
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Text(), "", ""),
        (Flag(), " Yes ", True),
        (Flag(), "", False),
        (Flag(), "2", False),
        (Whole(least=0, most=9), "09", 9),
        (Whole(least=-3, most=9), "-3", -3),
        (Choice(of=("a", "b")), "b", "b"),
        (Choices(of=("a", "b")), "b, a", ("b", "a")),
        (Moment(), "2026-03-02T12:00:00Z", NOON),
        (Moment(), "2026-03-02T13:00:00+01:00", NOON),
        (Moment(), "2026-03-02 12:00:00", NOON),
        (Moment(), "2026-03-02", NOON.replace(hour=0)),
        (Sid(prefix="WA"), WA, WA),
        (Sid(prefix="WA", clears=True), "", None),
        (Document(), '{"a": [1]}', {"a": [1]}),
        (Ordering(columns={"A": "a", "B": "b"}), "A:desc, B:asc", ("-a", "b")),
        (Ordering(columns={"A": "a", "B": "b"}), ",".join(["A:desc", "B:asc", "A:asc"] * 500), ("-a", "b")),
    ],
)
def test_what_is_given_is_read(field, text, value):
    given = QueryDict(mutable=True)
    given["SomeName"] = text

    assert Form(some_name=field).read(given) == {"some_name": value}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Text(), "\0"),
        (Whole(least=0, most=9), ""),
        (Whole(least=0, most=9), "10"),
        (Whole(least=0, most=9), "1.0"),
        (Whole(least=0, most=9), "٣"),
        (Whole(least=0, most=9), "9" * 5000),
        (Choice(of=("a", "b")), "A"),
        (Choices(of=("a", "b")), "a,c"),
        (Choices(of=("a", "b")), ""),
        (Moment(), ""),
        (Moment(), "yesterday"),
        (Moment(), "2026-02-30T00:00:00Z"),
        (Moment(), "0001-01-01T00:00:00+14:00"),
        (Sid(prefix="WA"), ""),
        (Sid(prefix="WA"), "WS" + "0" * 32),
        (Document(), "[]"),
        (Document(), '{"a": "\\u0000"}'),
        (Ordering(columns={"A": "a"}), ""),
        (Ordering(columns={"A": "a"}), "A:up"),
        (Ordering(columns={"A": "a"}), "a:asc"),
        (Ordering(columns={"A": "a", "B": "b", "C": "c"}, apart=frozenset({"A", "C"})), "A:asc,B:asc,C:desc"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(field, text):
    given = QueryDict(mutable=True)
    given["SomeName"] = text

    with pytest.raises(Invalid) as refused:
        Form(some_name=field).read(given)

    assert refused.value.field == "some_name"


def test_of_several_the_last_counts_and_the_unknown_is_passed_over():
    given = QueryDict("A=1&A=2&B=3")

    assert Form(a=Text(), c=Text()).read(given) == {"a": "2"}


def test_of_several_words_all_count():
    assert Form(a=Choices(of=("x", "y", "z"))).read(QueryDict("A=x&A=y%2Cz")) == {"a": ("x", "y", "z")}


def test_what_is_needed_and_missing_is_refused_by_name():
    with pytest.raises(Invalid) as refused:
        Form(friendly_name=Text(required=True)).read(QueryDict())

    assert refused.value.field == "friendly_name"
