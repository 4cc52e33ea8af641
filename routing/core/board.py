"""The board: all waiting tasks and all workers of a workspace, indexed for the next decision.

It lives in memory, follows the tables, can be rebuilt from them at any moment, and is never the truth.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from routing.core import line
from routing.core.alarms import Alarms
from routing.core.clauses import FREE, clauses_of, rule_of, wanted
from routing.core.crews import Crew
from routing.core.expressions import Expression
from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.core.lanes import Lane, LaneKey, Lanes
from routing.core.pools import Pool, Pools
from routing.core.roster import Candidate, Roster

KEPT_PATHS: Final = 10_000

Refusal = tuple[int, int]
"""The worker's number, and until when he is spared, in microseconds."""


class Board:
    """Put in what is read from the tables; `routing.core.decide` takes decisions out.

    ``lifo_first`` is the workspace's ``prioritize_queue_order``, ``optimized`` the unique names of the channels with
    a rotation of their own. ``waiting`` holds by number the places in line of all tasks. What may have become possible
    is marked: only *stirred* lanes are looked at by the next decision.
    """

    def __init__(self, *, lifo_first: bool = False, optimized: frozenset[str] = frozenset()) -> None:
        self.lifo_first = lifo_first
        self.optimized = optimized
        self.queues: dict[str, QueueFacts] = {}
        self.waiting: dict[int, int] = {}
        self.roster = Roster(optimized)
        self.workers = self.roster.workers
        self._pools = Pools(self.roster)
        self._lanes = Lanes()
        self._paths: dict[tuple[Any, ...], Lane] = {}
        self._stirred: dict[Lane, None] = {}
        self._entering: dict[int, Expression] = {}
        self._refusals: dict[int, tuple[Refusal, ...]] = {}
        self._deadlines = Alarms(self.waiting)
        self._pauses = Alarms(self.waiting)

    def next_due(self) -> float | None:
        """When the next step or pause is over."""
        return min((at for at in (self._deadlines.next(), self._pauses.next()) if at is not None), default=None)

    # --- queues ---

    def put_queue(self, queue: QueueFacts) -> None:
        """A queue is new or was changed. Its tasks keep waiting."""
        self.queues[queue.sid] = queue
        self._change_pool(queue)

    def drop_queue(self, sid: str) -> None:
        """The queue is gone; should a task wait in it, then for nobody."""
        if self.queues.pop(sid, None) is None:
            return
        pool = self._change_pool(QueueFacts(sid, None))
        if not any(lane.pool is pool and lane.size for lane in self._lanes):
            self._pools.drop(pool)
            for crew in pool.crews.values():
                self._forget(crew)

    def _change_pool(self, queue: QueueFacts) -> Pool:
        pool = self._pools.of(queue)
        lifo = pool.queue.lifo
        for crew, worker in self._pools.change(pool, queue):
            self._stir(crew, worker)
        if lifo != queue.lifo:
            for lane in self._lanes:
                if lane.pool is pool:
                    self._line_up_anew(lane)
        return pool

    def _line_up_anew(self, lane: Lane) -> None:
        """The queue's order has changed from FIFO to LIFO or back."""
        entries = [self._place(lane, *line.read(entry)) for entry in lane.entries(self.waiting)]
        self.waiting.update((line.number_of(entry), entry) for entry in entries)
        lane.line_up(entries)

    def _place(self, lane: Lane, priority: int, start: int, number: int, version: int, _lane: int = 0) -> int:
        if lane.pool.queue.lifo:
            return line.lifo(priority, start, number, version, lane.number, first=self.lifo_first)
        return line.fifo(priority, start, number, version, lane.number)

    # --- workers ---

    def put_worker(self, facts: WorkerFacts) -> None:
        """A worker is new, or anything about him changed."""
        worker = self.workers.get(facts.number)
        if worker is None:
            worker = self.roster.enlist(facts)
            self._stir_all(self._pools.enlist(worker), worker)
            return
        before, turn, turns = worker.facts, worker.turn, worker.turns
        belongs_elsewhere = self.roster.update(worker, facts)
        if before.activity_sid != facts.activity_sid or before.available != facts.available:
            for pool in worker.pools:
                pool.recount(before, facts)
        if belongs_elsewhere:
            self._stir_all(self._pools.judge(worker), worker)
        else:
            moved = worker.turn != turn or worker.turns != turns
            self._stir_all([crew for crew in worker.crews if crew.refresh(worker, moved=moved)], worker)

    def drop_worker(self, number: int) -> None:
        """The worker is gone."""
        worker = self.roster.strike(number)
        if worker is not None:
            self._pools.strike(worker)

    def _stir_all(self, crews: Iterable[Crew], worker: Candidate) -> None:
        for crew in crews:
            self._stir(crew, worker)

    def _stir(self, crew: Crew, worker: Candidate) -> None:
        for lane in crew.lanes_for(worker):
            self._stirred[lane] = None

    # --- tasks ---

    def put_task(self, task: TaskFacts, *, now: float) -> None:
        """A task waits; a second time changes nothing unless something about it has changed."""
        number = task.number
        lane = self._lane_for(task, now)
        start = line.microseconds(task.virtual_start)
        if not self._stand(number, self._place(lane, task.priority, start, number, task.version), lane):
            return
        skip_if = rule_of(task).skip_if
        if task.entering and skip_if is not None:
            self._entering[number] = skip_if
        else:
            self._entering.pop(number, None)
        if task.deadline is not None:
            self._deadlines.set(task.deadline, number, task.version)

    def drop_task(self, number: int) -> None:
        """The task does not wait any more."""
        self._entering.pop(number, None)
        self._refusals.pop(number, None)
        entry = self.waiting.pop(number, None)
        if entry is not None:
            self._leave(entry)

    def _stand(self, number: int, entry: int, lane: Lane) -> bool:
        """Give the task this place instead of the one that it may have; False when it has it already."""
        before = self.waiting.get(number)
        if before == entry:
            return False
        self.waiting[number] = entry
        lane.add(entry)
        self._pools.busy(lane.crew)
        if before is not None:
            self._leave(before)
        self._stirred[lane] = None
        return True

    def _leave(self, entry: int) -> None:
        lane = self._lanes.of(entry)
        lane.remove(self.waiting)
        if lane.size == 0 and not lane.lasting:
            self._close(lane)
        for crew in self._pools.less_busy(lane.crew):
            self._forget(crew)

    def _lane_for(self, task: TaskFacts, now: float) -> Lane:
        if task.refusals or task.excluded or task.target_worker is not None:
            return self._special_lane(task, now)
        path = _path(task)
        lane = self._paths.get(path)
        if lane is None:
            lane = self._lane(task, frozenset())
            if lane.lasting and not lane.crew.clauses.references and len(self._paths) < KEPT_PATHS:
                self._paths[path] = lane
        return lane

    def _special_lane(self, task: TaskFacts, now: float) -> Lane:
        refusals = tuple((number, line.microseconds(until)) for number, until in task.refusals)
        return self._lane(task, self._pause(task.number, task.version, refusals, now))

    def _pause(self, number: int, version: int, refusals: Sequence[Refusal], now: float) -> frozenset[int]:
        """Those whose refusals still stand; the board will look again when the first of them does not."""
        moment = line.microseconds(now)
        standing = tuple((worker, until) for worker, until in refusals if until > moment)
        if standing:
            self._refusals[number] = standing
            self._pauses.set(line.moment(min(until for _, until in standing)), number, version)
        else:
            self._refusals.pop(number, None)
        return frozenset(worker for worker, _ in standing)

    def _lane(self, task: TaskFacts, refused: frozenset[int]) -> Lane:
        pool = self._pools.of(self.queues.get(task.queue) or QueueFacts(task.queue, None))
        members = pool if task.target_worker is None else self._pools.anybody
        crew = self._pools.crew(members, clauses_of(task))
        return self._lanes.open(crew, pool, LaneKey(task.queue, wanted(task), frozenset(task.excluded), refused))

    def _close(self, lane: Lane) -> None:
        self._lanes.close(lane)
        self._stirred.pop(lane, None)

    def _forget(self, crew: Crew) -> None:
        for lane in list(crew.lanes.values()):
            self._close(lane)
        self._paths.clear()

    # --- for decisions ---

    def take_stirred(self) -> list[Lane]:
        """The lanes in which something may have become possible since the last time."""
        lanes = list(self._stirred)
        self._stirred.clear()
        return lanes

    def stir(self, lane: Lane) -> None:
        """Look at the lane again next time."""
        self._stirred[lane] = None

    def reserve(self, number: int, lane: Lane, workers: Sequence[Candidate], *, moment: int) -> None:
        """The task is offered to these workers, as far as the board knows; ``moment`` is in microseconds since 1900."""
        crew, channel = lane.crew, lane.crew.channel
        self.drop_task(number)
        for worker in workers:
            changed = worker.take(channel, moment)
            for each in worker.crews:
                if (each.volatile or (changed and each.channel == channel)) and each.refresh(worker):
                    self._stir(each, worker)
            if crew.letters[worker.slot] == FREE:
                crew.line_up(worker)
            lane.given.append(worker.number)

    def end_steps(self, now: float, limit: int) -> Iterator[int]:
        """The places of tasks whose step is over; they leave the board."""
        while limit and (number := self._deadlines.take(now)) is not None:
            limit -= 1
            yield self.waiting[number]
            self.drop_task(number)

    def end_pauses(self, now: float) -> None:
        """Workers who refused a task long enough ago count again."""
        while (number := self._pauses.take(now)) is not None:
            entry = self.waiting[number]
            lane = self._lanes.of(entry)
            refused = self._pause(number, line.version_of(entry), self._refusals[number], now)
            key = LaneKey(lane.key.queue, lane.key.wanted, lane.key.excluded, refused)
            following = self._lanes.open(lane.crew, lane.pool, key)
            self._stand(number, line.in_lane(entry, following.number), following)

    def ask_to_skip(self, limit: int) -> Iterator[tuple[int, bool]]:
        """The places of tasks that entered a step, and whether its ``skip_if`` holds; then they leave the board."""
        while limit and self._entering:
            limit -= 1
            number, condition = self._entering.popitem()
            entry = self.waiting[number]
            tally = self._lanes.of(entry).pool.tally
            named = {path[0]: 0 for path in condition.paths("workers")}
            holds = condition({"workers": named | {"available": 0, "unavailable": 0} | tally})
            if holds:
                self.drop_task(number)
            yield entry, holds


def _path(task: TaskFacts) -> tuple[Any, ...]:
    """What tasks must agree on to be put into the same lane, unless they have something of their own."""
    step, version = task.step, task.workflow_version
    place = (version, step.filter, step.target) if step is not None and version is not None else step
    return task.queue, task.channel, task.required_skills, place
