"""A sweep that is made when something is due, and not before."""

import math
import time
from collections.abc import Iterator

import pytest

from eventlog import timers
from eventlog.services import POLL_SECONDS
from eventlog.timers import DEADLINE_SECONDS, Deadline

pytestmark = pytest.mark.django_db(transaction=True)

_left = math.inf
_swept: list[float] = []


class Late(Deadline):
    """Due in ``_left`` seconds."""

    name = "late"
    sweep = f"{__name__}.sweep"
    due = f"{__name__}.due"


def due() -> float:
    return time.time() + _left if _left < math.inf else 0.0


def sweep(_now: object) -> bool:
    _swept.append(time.monotonic())
    return False


@pytest.fixture
def late() -> Iterator[Late]:
    global _left  # noqa: PLW0603 - what the service asks is found by its path
    _left = math.inf
    _swept.clear()
    service = Late()
    yield service
    service.close()


def in_seconds(left: float) -> None:
    global _left  # noqa: PLW0603
    _left = left


def again(service: Late) -> bool:
    """As if the pause between two looks were over."""
    service._timers[0].next_at = 0.0
    return service.step()


def test_nothing_is_swept_while_nothing_is_due(late: Late) -> None:
    assert late.step() is False

    assert _swept == []
    assert late.rest() == pytest.approx(POLL_SECONDS, abs=0.02)


def test_it_rests_until_the_first_is_due(late: Late) -> None:
    in_seconds(0.05)
    late.step()

    assert _swept == []
    assert 0.0 < late.rest() <= 0.05


def test_what_is_due_is_swept_at_once(late: Late) -> None:
    in_seconds(-1.0)
    late.step()

    assert len(_swept) == 1
    assert late.rest() <= DEADLINE_SECONDS


def test_a_ring_right_after_a_look_is_heeded_at_the_next(late: Late) -> None:
    late.step()
    in_seconds(-1.0)

    assert late.step() is False
    assert _swept == []
    assert late.rest() <= DEADLINE_SECONDS
    again(late)
    assert len(_swept) == 1


def test_more_than_a_batch_is_swept_without_a_pause(late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    in_seconds(-1.0)
    monkeypatch.setattr(late._timers[0], "sweep", lambda _: True)

    assert late.step() is True
    assert late.step() is True


def test_one_process_at_a_time_looks(late: Late) -> None:
    late.step()
    other = Late()

    in_seconds(-1.0)
    assert other.step() is False
    assert _swept == []
    assert other.rest() == timers.POLL_SECONDS
