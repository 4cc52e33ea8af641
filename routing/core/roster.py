"""The workers of a workspace as the board knows them: where each stands, what was given to him, who is named how."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from routing.core import line
from routing.core.clauses import AWAY, CLOSED, FREE, FULL, GONE, OUTSIDE, Name
from routing.core.facts import ChannelFacts, WorkerFacts
from routing.core.terms import Holders, Holding

if TYPE_CHECKING:
    from routing.core.crews import Crew
    from routing.core.pools import Pool


class Candidate:
    """A worker on the board, with what was given to him since his facts were read.

    ``slot`` is his place in the roster and in every crew's letters; ``turn`` his place in line. ``crews`` are those
    whose tasks he may serve once he is free, ``pools`` the queues that he is in.
    """

    __slots__ = ("_scope", "crews", "facts", "loads", "number", "pools", "skills", "slot", "standings", "turn", "turns")

    def __init__(self, facts: WorkerFacts, *, slot: int = 0, optimized: frozenset[str] = frozenset()) -> None:
        self.slot = slot
        self.number = facts.number
        self.crews: list[Crew] = []
        self.pools: list[Pool] = []
        self.skills = _skills(facts.attributes)
        self.learn(facts, optimized)

    def learn(self, facts: WorkerFacts, optimized: frozenset[str]) -> None:
        """The tables say so; what was only given on the board is in them, or never will be."""
        self.facts = facts
        self.loads = {name: channel.load for name, channel in facts.channels.items()}
        self.standings = {name: self.standing(name) for name in self.loads}
        self.turn = line.turn(line.microseconds(facts.last_assigned), facts.number)
        self.turns = {
            name: line.turn(line.microseconds(channel.last_assigned), facts.number)
            for name, channel in facts.channels.items()
            if name in optimized
        }
        self._scope: dict[str, Any] | None = None

    def take(self, channel: str, moment: int) -> bool:
        """One slot less, and the end of the line; True when he is no longer as free on the channel as before.

        ``moment`` is in microseconds since 1900, as `line.microseconds` gives it.
        """
        latest = line.turn(moment, self.number)
        self.turn = max(self.turn, latest)
        if channel in self.turns:
            self.turns[channel] = max(self.turns[channel], latest)
        if channel not in self.loads:
            return False
        self._scope = None
        self.loads[channel] += 1
        before, self.standings[channel] = self.standings[channel], self.standing(channel)
        return before != self.standings[channel]

    def standing(self, channel: str) -> int:
        """Whether he is free on the channel, or the letter of what is against it. ``standings`` has it at hand."""
        return self.openness(channel) if self.facts.available else AWAY

    def openness(self, channel: str) -> int:
        """The same, whatever his activity."""
        facts = self.facts.channels.get(channel)
        if facts is None or not facts.available:
            return CLOSED
        return FREE if self.loads[channel] < facts.configured_capacity else FULL

    def turn_on(self, channel: str) -> int:
        """His place in line for the channel, which may have a rotation of its own."""
        return self.turns.get(channel, self.turn)

    @property
    def names(self) -> tuple[Name, Name, Name]:
        """All that a task may call him."""
        return ("number", self.number), ("sid", self.facts.sid), ("friendly_name", self.facts.friendly_name.casefold())

    @property
    def scope(self) -> Mapping[str, Any]:
        """What a target's expression may ask of him. https://www.twilio.com/docs/taskrouter/expression-syntax"""
        if self._scope is None:
            facts = self.facts
            self._scope = {
                **facts.attributes,
                "sid": facts.sid,
                "friendly_name": facts.friendly_name,
                "activity_sid": facts.activity_sid,
                "activity_name": facts.activity_name,
                "channel": {name: _counts(channel, self.loads[name]) for name, channel in facts.channels.items()},
            }
        return self._scope


def _skills(attributes: Mapping[str, Any]) -> frozenset[str]:
    listed = attributes.get("skills")
    return frozenset(skill for skill in listed if isinstance(skill, str)) if isinstance(listed, list) else frozenset()


def _counts(channel: ChannelFacts, load: int) -> dict[str, int]:
    """https://www.twilio.com/docs/taskrouter/multitasking: what target expressions may ask of a channel."""
    return {
        "configured_capacity": channel.configured_capacity,
        "assigned_tasks": channel.assigned,
        "available_capacity_percentage": free_percentage(channel.configured_capacity, load),
    }


def free_percentage(capacity: int, load: int) -> int:
    """
    >>> free_percentage(3, 2), free_percentage(1, 2), free_percentage(0, 0)
    (33, 0, 0)
    """
    return max(0, (capacity - load) * 100 // capacity) if capacity else 0


class Roster:
    """Who is there, by number and by name. Slots are given once: a worker who comes back has his own again.

    ``room`` is how many slots letters are kept for: more than are given, so that it seldom has to grow.
    """

    def __init__(self, optimized: frozenset[str] = frozenset()) -> None:
        self.workers: dict[int, Candidate] = {}
        self.numbers: list[int] = []
        self.room = 64
        self._optimized = optimized
        self._slots: dict[int, int] = {}
        self._named: dict[Name, dict[int, Candidate]] = {}
        self._holders = Holders(self.workers, attrgetter("scope"))
        self._written: tuple[tuple[int, ...], str] | None = None

    def enlist(self, facts: WorkerFacts) -> Candidate:
        """A worker whom the roster does not hold."""
        slot = self._slots.get(facts.number)
        if slot is None:
            slot = self._slots[facts.number] = len(self.numbers)
            self.numbers.append(facts.number)
            if slot == self.room:
                self.room *= 2
            self._written = None
        worker = self.workers[facts.number] = Candidate(facts, slot=slot, optimized=self._optimized)
        self._name(worker)
        self._holders.put(worker)
        return worker

    def update(self, worker: Candidate, facts: WorkerFacts) -> bool:
        """Anything about him may have changed; True when he may belong elsewhere than before."""
        before = worker.facts
        if before.friendly_name == facts.friendly_name and before.attributes == facts.attributes:
            worker.learn(facts, self._optimized)
            return False
        self._forget(worker)
        worker.learn(facts, self._optimized)
        worker.skills = _skills(facts.attributes)
        self._name(worker)
        self._holders.put(worker)
        return True

    def strike(self, number: int) -> Candidate | None:
        """The worker is gone; his slot stays his."""
        worker = self.workers.pop(number, None)
        if worker is not None:
            self._forget(worker)
        return worker

    def has_rotation(self, channel: str) -> bool:
        """Whether workers stand in a line of its own for the channel."""
        return channel in self._optimized

    def blank(self) -> bytearray:
        """Letters by which everybody is outside, or gone."""
        letters = bytearray((OUTSIDE,)) * self.room
        for number, slot in self._slots.items():
            if number not in self.workers:
                letters[slot] = GONE
        return letters

    def holders(self, asked: Holding) -> Iterable[Candidate]:
        """All who may have what is asked, and hardly anybody else."""
        return self._holders.of(asked)

    def named(self, name: Name) -> list[Candidate]:
        """Nobody or one; two for the moment in which two workers exchange their names."""
        return list(self._named.get(name, {}).values())

    def slot(self, number: int) -> int | None:
        """Where a worker stands or stood."""
        return self._slots.get(number)

    @property
    def written(self) -> tuple[tuple[int, ...], str]:
        """The numbers in the order of their slots, and a digest of them."""
        if self._written is None:
            numbers = tuple(self.numbers)
            self._written = numbers, sha256(",".join(map(str, numbers)).encode()).hexdigest()
        return self._written

    def _name(self, worker: Candidate) -> None:
        for name in worker.names:
            self._named.setdefault(name, {})[worker.number] = worker

    def _forget(self, worker: Candidate) -> None:
        self._holders.drop(worker)
        for name in worker.names:
            holders = self._named[name]
            del holders[worker.number]
            if not holders:
                del self._named[name]
