"""A made-up contact centre: who works when, what comes in, how people behave. The same seed makes the same day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any, Final

from routing.core.expressions import parse, parse_target
from routing.core.facts import ChannelFacts, QueueFacts, WorkerFacts
from routing.core.simulation.scenario import Answer, Arrival, Change, GiveUp, Presence, QueueChange, Work
from routing.core.workflow import Filter, Order, Target, Workflow

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
MIDNIGHT: Final = 1_767_225_600.0  # 2026-01-01

OFFLINE: Final = ("WA0", "Offline", False)
AVAILABLE: Final = ("WA1", "Available", True)
BREAK: Final = ("WA2", "Break", False)

# Unique name, slots, handling and wrap-up in seconds, patience in seconds.
CHANNELS: Final = (
    ("voice", 1, 260.0, 40.0, 420.0),
    ("chat", 3, 540.0, 30.0, 900.0),
    ("sms", 4, 700.0, 10.0, 14_400.0),
)
TOPICS: Final = ("billing", "orders", "technical", "returns", "contracts", "moving", "complaints", "loyalty")
LANGUAGES: Final = ("en", "es", "fr", "de", "pt")
# How much of the day's work begins in each hour.
LOAD_BY_HOUR: Final = (1, 1, 1, 1, 2, 4, 12, 28, 52, 70, 76, 72, 62, 66, 72, 74, 68, 56, 42, 30, 20, 12, 6, 3)
RESERVATION_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Centre:
    """How large the day is. Small ones have fewer topics and languages, so that there is still somebody for each."""

    agents: int
    tasks: int
    seed: int = 1
    topics: int = len(TOPICS)
    languages: int = len(LANGUAGES)

    @property
    def queues(self) -> int:
        return self.topics * self.languages


def workflow(centre: Centre) -> Workflow:
    """A filter for each queue, with three rings around the best agents, and a default for whatever else comes."""
    sids = [queue.sid for queue in queues(centre)]
    filters = tuple(_rings(sid, *subject(centre, sid)) for sid in sids)
    return Workflow(filters, Target("WQ0"))


def changes(centre: Centre) -> Iterator[Change]:
    """All that happens from outside, in the order of time."""
    lines = (QueueChange(MIDNIGHT, queue) for queue in queues(centre))
    shifts = (_shift(centre, number) for number in range(1, centre.agents + 1))
    tasks = list(_tasks(centre))
    arrivals = (arrival for arrival, _ in tasks)
    leavers = sorted((leaver for _, leaver in tasks), key=_moment)
    return merge(lines, *shifts, arrivals, leavers, key=_moment)


class People:
    """How agents and customers behave, each drawn anew."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._handling = {name: (handling, wrap_up) for name, _, handling, wrap_up, _ in CHANNELS}

    def answer(self, _task: int, _worker: int) -> Answer:
        draw = self._random.random()
        if draw < 0.94:
            return Answer("accept", min(self._random.lognormvariate(1.5, 0.6), 19.0))
        return Answer("reject", self._random.uniform(1, 10)) if draw < 0.98 else Answer("timeout")

    def work(self, task: int, _worker: int, _queue: str) -> Work:
        name = CHANNELS[task % len(CHANNELS)][0]
        handling, wrap_up = self._handling[name]
        return Work(handling * self._random.lognormvariate(-0.125, 0.5), wrap_up * self._random.uniform(0.2, 1.8))

    def absence(self, _worker: int) -> float:
        return self._random.uniform(60, 300)


def _moment(change: Change) -> float:
    return change.at


def _rings(queue: str, topic: str, language: str) -> Filter:
    ring = Target(queue, parse_target("worker.level >= 8"), timeout_seconds=15, order_by=(Order(("level",), True),))
    wider = Target(queue, parse_target("worker.level >= 5"), timeout_seconds=30, priority=5)
    everybody = Target(queue, priority=10)
    expression = parse(f"topic == '{topic}' AND language == '{language}'")
    return Filter(f"{topic} {language}", expression, (ring, wider, everybody))


def queues(centre: Centre) -> Iterator[QueueFacts]:
    """One for each pair; one in ten serves its newest first, another asks two agents at once."""
    for place in range(centre.queues):
        topic, language = subject(centre, f"WQ{place}")
        expression = parse(f"skills HAS '{topic}' AND languages HAS '{language}'")
        yield QueueFacts(f"WQ{place}", expression, lifo=place % 10 == 7, max_reserved=2 if place % 10 == 3 else 1)


def subject(centre: Centre, queue: str) -> tuple[str, str]:
    """Topic and language of a queue."""
    place = int(queue.removeprefix("WQ"))
    return TOPICS[place // centre.languages], LANGUAGES[place % centre.languages]


def _shift(centre: Centre, number: int) -> list[Change]:
    """Eight hours with two short breaks and a long one; one agent in ten comes for the night."""
    draw = random.Random(centre.seed * 1_000_003 + number)
    begins = MIDNIGHT + (draw.choice(range(12, 26)) if number % 10 else draw.choice((0, 2, 30, 32))) * HOUR / 2
    worker = _agent(centre, number, draw)
    plan = [(0.0, AVAILABLE), (2.0, BREAK), (2.25, AVAILABLE), (4.0, BREAK), (4.5, AVAILABLE), (6.25, BREAK)]
    plan += [(6.5, AVAILABLE), (8.0, OFFLINE)]
    jitter = draw.uniform(0, 900)
    steps = [(begins + jitter + hours * HOUR, activity) for hours, activity in plan]
    there = [Presence(at, _in(worker, activity)) for at, activity in steps if at < MIDNIGHT + DAY]
    return [Presence(MIDNIGHT, _in(worker, OFFLINE)), *there]


def _agent(centre: Centre, number: int, draw: random.Random) -> WorkerFacts:
    topics = [TOPICS[number % centre.topics], *draw.sample(TOPICS[: centre.topics], min(2, centre.topics))]
    languages = [LANGUAGES[number // centre.topics % centre.languages], LANGUAGES[0]]
    attributes: dict[str, Any] = {"skills": sorted(set(topics)), "languages": sorted(set(languages))}
    attributes["level"] = draw.randint(1, 10)
    channels = {name: ChannelFacts(slots) for name, slots, *_ in CHANNELS}
    return WorkerFacts(f"WK{number}", number, f"Agent {number}", *OFFLINE, attributes, channels)


def _in(worker: WorkerFacts, activity: tuple[str, str, bool]) -> WorkerFacts:
    sid, name, available = activity
    return replace(worker, activity_sid=sid, activity_name=name, available=available)


def _tasks(centre: Centre) -> Iterator[tuple[Arrival, GiveUp]]:
    draw = random.Random(centre.seed)
    hours = draw.choices(range(24), LOAD_BY_HOUR, k=centre.tasks)
    moments = sorted(MIDNIGHT + (hour + draw.random()) * HOUR for hour in hours)
    for number, at in enumerate(moments):
        yield _task(centre, number, at, draw)


def _task(centre: Centre, number: int, at: float, draw: random.Random) -> tuple[Arrival, GiveUp]:
    channel, _, _, _, patience = CHANNELS[number % len(CHANNELS)]
    language = draw.choices(LANGUAGES[: centre.languages], range(10, 10 - centre.languages, -1))[0]
    attributes = {"topic": draw.choice(TOPICS[: centre.topics]), "language": language}
    arrival = Arrival(
        at,
        number,
        channel,
        created=at,
        expires=at + 4 * HOUR,
        attributes=attributes,
        workflow=1,
        priority=draw.choice((0, 0, 0, 0, 20)),
        reservation_seconds=RESERVATION_SECONDS,
    )
    return arrival, GiveUp(at + draw.expovariate(1 / patience), number)
