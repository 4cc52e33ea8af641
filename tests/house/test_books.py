"""The checker of the books is red when it should be: one planted fault after the other."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.books import Accepted, Inbound, Report, Stored, Written, check

ANN, BOB = "+1", "+2"


def books() -> dict[str, Any]:
    """Two customers write three texts each, turn by turn, and each is answered."""
    inbound = [Inbound(f"SM{n}", (ANN, BOB)[n % 2], float(n)) for n in range(6)]
    return {
        "inbound": inbound,
        "stored": [Stored(row.sid, row.customer, (1, 1 + int(row.at)), row.at + 0.1) for row in inbound],
        "accepted": [Accepted(f"SX{row.sid}", row.customer, f"re {row.sid}", row.at + 0.5) for row in inbound],
        "written": [
            Written(f"re {row.sid}", row.customer, (1, 10 + int(row.at)), "delivered", row.at + 0.3) for row in inbound
        ],
        "late_after": 5.0,
    }


def report(**changes: Any) -> Report:
    return check(**(books() | changes))


def test_books_that_agree_are_clean() -> None:
    found = report()

    assert found.is_clean
    assert found.counted == 12
    assert found.line() == ("12 messages: 0 lost, 0 doubled, 0 misordered, 0 invented, 0 unfinished, 0 unknown, 0 late")


def without(name: str, nth: int) -> dict[str, Any]:
    rows = books()[name]
    return {name: rows[:nth] + rows[nth + 1 :]}


def changed(name: str, nth: int, **fields: Any) -> dict[str, Any]:
    rows = books()[name]
    return {name: [*rows[:nth], replace(rows[nth], **fields), *rows[nth + 1 :]]}


def twice(name: str, nth: int, **fields: Any) -> dict[str, Any]:
    rows = books()[name]
    return {name: [*rows, replace(rows[nth], **fields)]}


def swapped(name: str, first: int, second: int) -> dict[str, Any]:
    rows = books()[name]
    rows[first], rows[second] = rows[second], rows[first]
    return {name: rows}


@pytest.mark.parametrize(
    ("fault", "kind", "names"),
    [
        (without("stored", 3), "lost", ["SM3"]),
        (without("accepted", 3), "lost", ["re SM3"]),
        (changed("written", 2, status="failed"), "lost", ["re SM2"]),
        (changed("written", 2, status="canceled"), "lost", ["re SM2"]),
        (twice("stored", 1, place=(1, 99)), "doubled", ["SM1"]),
        (twice("accepted", 1, sid="SX other"), "doubled", ["re SM1"]),
        (twice("written", 1, place=(1, 99)), "doubled", ["re SM1"]),
        (changed("stored", 4, place=(1, 1)), "misordered", ["SM4"]),
        (changed("stored", 4, place=(0, 99)), "misordered", ["SM4"]),
        (swapped("accepted", 0, 2), "misordered", ["re SM0"]),
        (twice("stored", 0, sid="SM77", place=(1, 99)), "invented", ["SM77"]),
        (twice("accepted", 0, sid="SX77", body="nobody said so"), "invented", ["nobody said so"]),
        (changed("written", 0, status="queued"), "unfinished", ["re SM0"]),
        (changed("written", 0, status="sending"), "unfinished", ["re SM0"]),
    ],
)
def test_a_planted_fault_is_found_and_nothing_else(fault: dict[str, Any], kind: str, names: list[str]) -> None:
    found = report(**fault)

    assert getattr(found, kind) == names
    assert not found.is_clean
    others = {"lost", "doubled", "misordered", "invented", "unfinished"} - {kind}
    assert {name: getattr(found, name) for name in others} == {name: [] for name in others}


def test_customers_are_not_ordered_against_one_another() -> None:
    assert report(**swapped("accepted", 0, 1)).is_clean


def test_unknown_and_late_are_told_apart_from_loss() -> None:
    found = report(**changed("written", 0, status="unknown"))
    assert (found.unknown, found.is_clean) == (["re SM0"], True)

    found = report(**changed("stored", 5, at=60.0))
    assert (found.late, found.is_clean) == ({"SM5": 55.0}, True)
    found = report(**changed("accepted", 5, at=60.0))
    assert (found.late, found.is_clean) == ({"re SM5": 54.7}, True)


def test_who_was_searched_for_may_be_overtaken() -> None:
    fault = swapped("accepted", 0, 2) | changed("written", 0, disturbed=True)

    assert report(**fault).is_clean
