"""Writes a decision under the router's lease. Whatever does not stand any more is refused by itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from agents.models import Worker
from eventlog.dialect import is_passing
from eventlog.leases import Lease
from kernel.errors import DomainError
from routing import queries
from routing.actions import offer
from routing.actions.together import move_on_together, settle_together
from routing.core.board import Board
from routing.core.decide import Decision, Move, Offer
from routing.core.verdicts import snapshot
from routing.models import Reservation, Task
from routing.router import judging
from routing.router.judging import Keeper, Kept
from routing.router.offering import Asked, offer_together

logger = structlog.get_logger(__name__)

BATCH: Final = 500

Give = Callable[[Task], list[Reservation]]


@dataclass(slots=True)
class Refused:
    """What is not as the decision took it to be, and has to be read again. ``broken`` tasks failed in another way."""

    tasks: set[int] = field(default_factory=set)
    workers: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.tasks or self.workers or self.broken)

    def add(self, decided: Iterable[Offer | Move]) -> None:
        """All of it."""
        for each in decided:
            self.tasks.add(each.task)
            self.workers.update(each.workers if isinstance(each, Offer) else ())


@dataclass(slots=True)
class Written:
    """``events`` are the router's own, of which it need not hear."""

    refused: Refused = field(default_factory=Refused)
    events: list[int] = field(default_factory=list)


class Writer:
    """Writes for one workspace."""

    def __init__(self, *, workspace_id: int, sid: str, lease: Lease) -> None:
        self._workspace_id = workspace_id
        self._sid = sid
        self._lease = lease
        self._keeper = Keeper(workspace_id)

    def judge(self, offers: Sequence[Offer], board: Board) -> Mapping[int, Kept]:
        """One judgement for all offers that have the same explanation, by that. The board is as they left it."""
        kept: dict[int, Kept] = {}
        for each in offers:
            if id(each.lane) not in kept:
                kept[id(each.lane)] = self._keeper.keep(snapshot(board, each))
        return kept

    def write(self, decision: Decision, judged: Mapping[int, Kept], *, now: datetime) -> Written:
        """Write all that still fits the tables; ``now`` is the database's time. The offers come first.

        Raises LostLease, having written nothing more, when another router has the workspace.
        """
        written = Written()
        if decision.offers:
            with _refusing(written.refused, decision.offers, self._sid):
                self._offer(decision.offers, judged, written, now=now)
        for start in range(0, len(decision.moves), BATCH):
            moves = decision.moves[start : start + BATCH]
            with _refusing(written.refused, moves, self._sid):
                self._move(moves, written.refused, now=now)
        if decision.settled:
            self._settle(decision.settled)
        return written

    # --- offers ---

    def _offer(self, offers: Sequence[Offer], kept: Mapping[int, Kept], written: Written, *, now: datetime) -> None:
        by_hand = offers
        if connection.vendor == "postgresql":
            try:
                by_hand = self._offer_together(offers, kept, written, now=now)
            except (IntegrityError, DataError):  # One bad row must not hold up the others: one by one.
                logger.exception("router could not write a batch", workspace=self._sid)
        if by_hand:
            self._offer_by_hand(by_hand, kept, written.refused, now=now)

    def _offer_together(
        self, offers: Sequence[Offer], kept: Mapping[int, Kept], written: Written, *, now: datetime
    ) -> list[Offer]:
        """Returns those that only the verb can write."""
        pairs = [(each, worker) for each in offers for worker in each.workers]
        asked = [
            Asked(each.task, each.version, worker, _any_activity(each), kept[id(each.lane)].number)
            for each, worker in pairs
        ]
        outcome = offer_together(asked, list(kept.values()), lease=self._lease, workspace_sid=self._sid, now=now)
        written.events += outcome.events
        done = {asked[place].task for place in outcome.written}
        left = {asked[place].task for place in outcome.left}
        for place, (each, worker) in enumerate(pairs):
            if each.task not in done | left:
                written.refused.tasks.add(each.task)
            if place not in outcome.written and each.task not in left:
                written.refused.workers.add(worker)
        return [each for each in offers if each.task in left]

    def _offer_by_hand(
        self, offers: Sequence[Offer], kept: Mapping[int, Kept], refused: Refused, *, now: datetime
    ) -> None:
        """With the verb, one by one: SQLite's way, and the way of what is rare."""
        with transaction.atomic():
            self._lease.guard()
            tasks = {task.pk: task for task in queries.locked_pending([each.task for each in offers])}
            numbers = {number for each in offers for number in each.workers}
            workers = Worker.objects.select_related("workspace").in_bulk(numbers)
            rows = {
                number: judging.write(judgement, workspace_id=self._workspace_id) for number, judgement in kept.items()
            }
            for each in offers:
                there = [workers[number] for number in each.workers if number in workers]
                away, judgement = _any_activity(each), rows[id(each.lane)]
                give = partial(offer, workers=there, now=now, any_activity=away, judgement=judgement)
                given = self._attempt(each, tasks.get(each.task), give, refused)
                refused.workers.update(set(each.workers) - {reservation.worker_id for reservation in given})

    def _attempt(self, each: Offer, task: Task | None, give: Give, refused: Refused) -> list[Reservation]:
        """The verb has a savepoint of its own: one bad row must not hold up the others."""
        if task is None or task.version != each.version:
            refused.tasks.add(each.task)
            return []
        try:
            return give(task)
        except DomainError:
            refused.tasks.add(each.task)
        except OperationalError:  # Not this row's fault: a deadlock, or the database is gone.
            raise
        except Exception:
            logger.exception("router set a task aside", task=task.sid)
            refused.broken.add(each.task)
        return []

    # --- moves ---

    def _move(self, moves: Sequence[Move], refused: Refused, *, now: datetime) -> None:
        with transaction.atomic():
            self._lease.guard()
            moved = move_on_together(moves, now=now)
        refused.tasks.update(each.task for each in moves if each.task not in moved.done | moved.broken)
        refused.broken |= moved.broken

    def _settle(self, settled: Sequence[tuple[int, int]]) -> None:
        """Should it fail, the question is asked once more after the next start: that does little harm."""
        with suppress(OperationalError), transaction.atomic():
            self._lease.guard()
            settle_together(settled)


@contextmanager
def _refusing(refused: Refused, decided: Sequence[Offer | Move], workspace_sid: str) -> Iterator[None]:
    """A transaction that lost against another one has written nothing, and is to be decided anew."""
    try:
        yield
    except OperationalError as error:
        if not is_passing(error):
            raise
        logger.warning("router lost a transaction", workspace=workspace_sid, error=str(error).partition("\n")[0])
        refused.add(decided)


def _any_activity(each: Offer) -> bool:
    return not each.lane.crew.clauses.asks_availability
