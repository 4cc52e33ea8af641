"""A small storm at the carrier's doors, and that its judge would see what goes wrong."""

import pytest

from bench import storm
from tests.support.apart import on_its_own_thread
from tests.support.ledger import Text, Verdict, judge

MARIA, JORGE = "+15550100001", "+15550100002"


def sent(**texts: tuple[str, float, float | None]) -> dict[str, Text]:
    return {name: Text(*text) for name, text in texts.items()}


LEDGER = sent(a=(MARIA, 1, 2), b=(MARIA, 3, 4), c=(JORGE, 1, 5), never=(JORGE, 6, None))
STOOD = [(MARIA, "a"), (MARIA, "b"), (JORGE, "c")]


def test_what_stands_as_it_was_sent_is_clean() -> None:
    assert judge(LEDGER, STOOD).is_clean
    assert judge(LEDGER, [*STOOD, (JORGE, "never")]).is_clean  # Taken, though nobody could be told so.


@pytest.mark.parametrize(
    ("stood", "verdict"),
    [
        (STOOD[1:], Verdict(lost=["a"])),
        ([*STOOD, STOOD[0]], Verdict(doubled=["a"], misordered=["b"])),
        ([STOOD[1], STOOD[0], STOOD[2]], Verdict(misordered=["b"])),
        ([*STOOD, (JORGE, "forged 7")], Verdict(forged=["forged 7"])),
        ([(JORGE, "a"), *STOOD[1:]], Verdict(forged=["a"])),
    ],
)
def test_every_planted_fault_is_seen(stood: list[tuple[str, str]], verdict: Verdict) -> None:
    found = judge(LEDGER, stood)

    assert found == verdict
    assert not found.is_clean


def test_of_two_at_once_either_may_be_first() -> None:
    both = sent(a=(MARIA, 1, 4), b=(MARIA, 2, 3))

    assert judge(both, [(MARIA, "a"), (MARIA, "b")]).is_clean
    assert judge(both, [(MARIA, "b"), (MARIA, "a")]).is_clean


@pytest.mark.timeout(170)
def test_a_small_storm_leaves_everything_where_it_belongs() -> None:
    found = on_its_own_thread(lambda: storm.run(texts=240, rate=600))

    assert found.verdict.is_clean
    assert found.shown.is_clean
    assert found.answers[403] > 0
    assert (found.forged_in, found.texts) == (0, 240)
    assert found.answers[200] == found.deliveries - found.answers[403]
