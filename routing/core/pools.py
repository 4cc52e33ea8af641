"""Pools: the workers of each queue, and the crews that are made of them."""

from collections import Counter
from typing import Final

from routing.core.clauses import FREE, GONE, OUTSIDE, Clauses
from routing.core.crews import Crew
from routing.core.expressions import ALWAYS
from routing.core.facts import QueueFacts, WorkerFacts
from routing.core.roster import Candidate, Roster
from routing.core.terms import Index

KEPT_CREWS: Final = 500
"""How many crews are kept for tasks that will come again; twice as many for a while."""

ANYBODY: Final = QueueFacts("", ALWAYS)
"""All workers, for tasks that are meant for one of them whatever his queues are."""


class Pool:
    """A queue and who is in it: in ``letters`` everybody is `OUTSIDE`, `FREE` or `GONE`.

    ``tally`` counts the members as ``skip_if`` asks of them: ``available``, ``unavailable`` and by activity.
    """

    __slots__ = ("crews", "letters", "queue", "tally")

    def __init__(self, queue: QueueFacts, roster: Roster) -> None:
        self.queue = queue
        self.crews: dict[Clauses, Crew] = {}
        self.tally: Counter[str] = Counter()
        self.letters = roster.blank()
        for worker in roster.workers.values():
            if self._takes(worker):
                self._let_in(worker)

    def judge(self, worker: Candidate) -> bool:
        """Let the worker in or out; True when the crews have to look at him."""
        before = self.letters[worker.slot] == FREE
        member = self._takes(worker)
        if member and not before:
            self._let_in(worker)
        elif before and not member:
            self._let_out(worker)
        return member or before

    def recount(self, before: WorkerFacts, after: WorkerFacts) -> None:
        """A member has another activity."""
        self.count(before, -1)
        self.count(after, 1)

    def count(self, worker: WorkerFacts, by: int) -> None:
        """A member comes into the tally, or leaves it."""
        self.tally["available" if worker.available else "unavailable"] += by
        self.tally[worker.activity_sid] += by

    def mark(self, slot: int, letter: int) -> None:
        """Somebody is gone, or back and outside of the queue."""
        for letters in self._all_letters():
            letters[slot] = letter

    def grow(self, room: int) -> None:
        """More workers have come than there was room for."""
        for letters in self._all_letters():
            letters.extend(bytes((OUTSIDE,)) * (room - len(letters)))

    def _all_letters(self) -> list[bytearray]:
        return [self.letters, *(crew.letters for crew in self.crews.values())]

    def _takes(self, worker: Candidate) -> bool:
        expression = self.queue.expression
        return expression is not None and expression.test(worker.facts.attributes)

    def _let_in(self, worker: Candidate) -> None:
        self.letters[worker.slot] = FREE
        self.count(worker.facts, 1)
        worker.pools.append(self)

    def _let_out(self, worker: Candidate) -> None:
        self.letters[worker.slot] = OUTSIDE
        self.count(worker.facts, -1)
        worker.pools.remove(self)


class Pools:
    """The pools of all queues, found by what their expressions ask for.

    What tells of changed workers returns the crews in which they now are free.
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._pools: dict[str, Pool] = {}
        self._index: Index[Pool] = Index()
        self._idle: dict[Crew, None] = {}
        self.anybody = self.of(ANYBODY)

    def of(self, queue: QueueFacts) -> Pool:
        """The queue's pool, made if need be."""
        pool = self._pools.get(queue.sid)
        if pool is None:
            pool = self._pools[queue.sid] = Pool(queue, self._roster)
            self._index.put(pool, queue.expression)
        return pool

    def change(self, pool: Pool, queue: QueueFacts) -> list[tuple[Crew, Candidate]]:
        """Anything about the queue may have changed."""
        before, pool.queue = pool.queue, queue
        if before.expression == queue.expression:
            return []
        self._index.drop(pool)
        self._index.put(pool, queue.expression)
        return [(crew, worker) for worker in self._roster.workers.values() for crew in _judge(pool, worker)]

    def drop(self, pool: Pool) -> None:
        """The queue is gone: it has no expression, so that nobody is in the pool any more."""
        for crew in pool.crews.values():
            self._idle.pop(crew, None)
        del self._pools[pool.queue.sid]

    # --- workers ---

    def enlist(self, worker: Candidate) -> list[Crew]:
        """The worker is new in the roster, or back."""
        if len(self.anybody.letters) < self._roster.room:
            for pool in self._pools.values():
                pool.grow(self._roster.room)
        if self.anybody.letters[worker.slot] == GONE:
            for pool in self._pools.values():
                pool.mark(worker.slot, OUTSIDE)
        return self.judge(worker)

    def strike(self, worker: Candidate) -> None:
        """The worker is gone."""
        for pool in worker.pools:
            pool.count(worker.facts, -1)
        for pool in self._pools.values():
            pool.mark(worker.slot, GONE)

    def judge(self, worker: Candidate) -> list[Crew]:
        """What decides on membership may have changed."""
        pools = dict.fromkeys(worker.pools)
        pools.update(dict.fromkeys(self._index.candidates(worker.facts.attributes)))
        return [crew for pool in pools for crew in _judge(pool, worker)]

    # --- crews ---

    def crew(self, pool: Pool, clauses: Clauses) -> Crew:
        """Those of the pool whom the clauses leave; made if need be."""
        crew = pool.crews.get(clauses)
        if crew is None:
            crew = pool.crews[clauses] = Crew(pool, clauses, self._roster)
        return crew

    def busy(self, crew: Crew) -> None:
        """A task more waits for the crew."""
        crew.size += 1
        if crew.size == 1:
            self._idle.pop(crew, None)

    def less_busy(self, crew: Crew) -> list[Crew]:
        """A task less. Returns crews that have had none for so long that they were given up."""
        crew.size -= 1
        if crew.size:
            return []
        self._idle[crew] = None
        return self._give_up() if len(self._idle) > 2 * KEPT_CREWS else []

    def _give_up(self) -> list[Crew]:
        """Crews without a task cost memory, and a look whenever one of their workers changes."""
        given_up = list(self._idle)[:KEPT_CREWS]
        for crew in given_up:
            del self._idle[crew], crew.pool.crews[crew.clauses]
        gone = set(given_up)
        for worker in self._roster.workers.values():
            worker.crews = [crew for crew in worker.crews if crew not in gone]
        return given_up


def _judge(pool: Pool, worker: Candidate) -> list[Crew]:
    return [crew for crew in pool.crews.values() if crew.judge(worker)] if pool.judge(worker) else []
