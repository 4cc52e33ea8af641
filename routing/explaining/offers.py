"""Why this agent: whom a decision chose, who was free but later in line, and what kept the others out."""

import zlib
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max

from eventlog.dbclock import database_now
from kernel.actor import Actor
from routing import reading
from routing.core.explain import NEAREST_FIRST, Demand, Detail
from routing.core.expressions import lookup, parse_target
from routing.core.facts import TaskFacts, WorkerFacts
from routing.core.roster import Candidate
from routing.core.syntax import read_path
from routing.core.trace import shown
from routing.core.verdicts import Rule
from routing.core.workflow import Order, Step, Target
from routing.explaining import access
from routing.explaining.pages import Ask, Page, cut
from routing.explaining.staff import named_channels, staff
from routing.models import Judgement, Reservation


@dataclass(frozen=True, slots=True)
class Standing:
    """How one worker stood when the decision was made. ``detail`` tells of him now, if that is still so (``lasting``).

    Of those who were free: ``idle_since``, without new work before the decision (None: never had any), and ``ranks``,
    what ``order_by`` asks and what he has.
    """

    worker: WorkerFacts
    letter: str
    chosen: bool
    detail: Detail
    lasting: bool
    idle_since: datetime | None
    ranks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OfferStory:
    """``rule`` is None where nobody was compared: the task was put to this worker directly, or long ago."""

    reservation: Reservation
    at: datetime
    rule: Rule | None
    counts: Mapping[str, int]
    people: Page[Standing]


def offer(sid: str, *, actor: Actor, ask: Ask | None = None) -> OfferStory:
    """Why the reservation went to its worker.

    Raises NotFound, for one of another account as well; Forbidden; Invalid for an unknown page token.
    """
    row = access.reservation(sid, actor=actor)
    at = database_now()
    judgement = row.judgement
    if judgement is None:
        return OfferStory(row, at, None, {}, Page())
    rule: Rule = judgement.rule
    letters = _letters(judgement)
    past = _Past(row, rule, letters)
    wanted = past.wanted(ask or Ask())
    page, token = cut(wanted, lambda worker: worker.sid, ask or Ask())
    counts = Counter(letter for letter in letters.values() if letter != "-")
    return OfferStory(row, at, rule, counts, Page(past.told(page), len(wanted), token))


def _letters(judgement: Judgement) -> Mapping[int, str]:
    """By worker's number; `routing.router.judging` wrote them."""
    numbers = array("q")
    numbers.frombytes(bytes(judgement.roster.numbers))
    return dict(zip(numbers, zlib.decompress(judgement.verdicts).decode(), strict=False))


class _Past:
    """The decision, and what is known of its workers today."""

    def __init__(self, row: Reservation, rule: Rule, letters: Mapping[int, str]) -> None:
        self.row = row
        self.letters = letters
        self.order_by = {text: _order(text) for text in rule["order_by"]}
        self.demand = _demand(row, rule, tuple(self.order_by.values()))
        same = Reservation.objects.filter(task=row.task, created_at=row.created_at)
        self.chosen = frozenset(same.values_list("worker_id", flat=True))

    def wanted(self, ask: Ask) -> Sequence[WorkerFacts]:
        """Those who are asked for: who was chosen, who was free, and the others, the nearest first."""
        letters = ask.letters or NEAREST_FIRST
        numbers = [number for number, letter in self.letters.items() if letter in letters]
        channels = {self.demand.task.channel, *named_channels([self.demand.clauses.expression])}
        found = staff(self.row.worker.workspace_id, channels=channels, numbers=numbers)
        if ask.worker:
            found = [worker for worker in found if worker.sid == ask.worker]
        return sorted(found, key=self._nearness)

    def told(self, workers: Sequence[WorkerFacts]) -> tuple[Standing, ...]:
        """How these stood."""
        idle = self._idle([worker.number for worker in workers if self.letters[worker.number] == "o"])
        return tuple(self._standing(worker, idle.get(worker.number)) for worker in workers)

    def _standing(self, worker: WorkerFacts, idle_since: datetime | None) -> Standing:
        letter = self.letters[worker.number]
        candidate = Candidate(worker)
        lasting = self.demand.judge.letter(candidate) == letter
        detail = self.demand.detail(candidate, letter) if lasting else Detail(letter)
        return Standing(
            worker=worker,
            letter=letter,
            chosen=worker.number in self.chosen,
            detail=replace(detail, channel=None) if letter == "f" else detail,
            lasting=lasting,
            idle_since=idle_since,
            ranks=tuple((text, shown(lookup(worker.attributes, order.path))) for text, order in self.order_by.items()),
        )

    def _nearness(self, worker: WorkerFacts) -> tuple[bool, int, bool, float, str]:
        letter = self.letters[worker.number]
        since = worker.last_assigned >= self.row.created_at.timestamp()
        turn = worker.last_assigned if letter == "o" else 0.0
        chosen = worker.number in self.chosen
        return not chosen, NEAREST_FIRST.index(letter), since, turn, worker.friendly_name.casefold()

    def _idle(self, numbers: list[int]) -> dict[int, datetime]:
        """When each of them had last been given work before the decision."""
        before = Reservation.objects.filter(worker_id__in=numbers, created_at__lt=self.row.created_at)
        return dict(before.values_list("worker_id").annotate(Max("created_at")))


def _demand(row: Reservation, rule: Rule, order_by: tuple[Order, ...]) -> Demand:
    """What was asked then, to be asked of the workers as they are now."""
    queue = next(iter(reading.queue_facts(row.worker.workspace_id, [rule["queue"]])), None)
    expression = parse_target(rule["expression"]) if rule["expression"] else None
    target = row.worker_id if (rule["wanted"] or [""])[0] == "number" else None
    facts = TaskFacts(
        number=row.task_id,
        version=row.task.version,
        queue=rule["queue"],
        channel=rule["channel"],
        priority=row.task.priority,
        virtual_start=row.task.virtual_start_time.timestamp(),
        created=row.task.created_at.timestamp(),
        attributes=row.task.attributes,
        required_skills=frozenset(rule["skills"]),
        step=Step(0, 0, Target(rule["queue"], expression, order_by=order_by), 0),
        target_worker=target,
        ignore_capacity=rule["ignore_capacity"],
        excluded=tuple(rule["excluded"]),
    )
    return Demand(facts, queue, now=row.created_at.timestamp())


def _order(text: str) -> Order:
    """As `routing.core.verdicts` wrote it, such as `level DESC`."""
    path, direction = text.rsplit(" ", 1)
    return Order(read_path(path), direction == "DESC")
