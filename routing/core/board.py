"""The board: all waiting tasks and all workers of a workspace, indexed for the next decision.

It lives in memory, follows the tables, can be rebuilt from them at any moment, and is never the truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.core.lanes import Candidate, Lane, LaneKey, TaskKey, lane_key


@dataclass(slots=True)
class Waiting:
    """A pending task and its lane."""

    facts: TaskFacts
    lane: Lane


class Board:
    """Put in what is read from the tables; `routing.core.decide` takes decisions out.

    What may have become possible is marked: only *stirred* lanes are looked at by the next decision.
    """

    def __init__(self) -> None:
        self.queues: dict[str, QueueFacts] = {}
        self.workers: dict[str, Candidate] = {}
        self.waiting: dict[str, Waiting] = {}
        self.keys: dict[str, TaskKey] = {}
        self.entered: set[str] = set()
        self._lanes: dict[LaneKey, Lane] = {}
        self._stirred: dict[LaneKey, Lane] = {}
        self._deadlines: list[tuple[float, str, int]] = []
        self._pauses: list[tuple[float, str]] = []

    # --- queues ---

    def put_queue(self, queue: QueueFacts) -> None:
        """A queue is new or was changed: its tasks are lined up anew."""
        if self.queues.get(queue.sid) == queue:
            return
        self.queues[queue.sid] = queue
        for task in self._clear_lanes(queue.sid):
            self._line_up(task)

    def drop_queue(self, sid: str) -> None:
        """The queue is gone; no live task was in it."""
        self.queues.pop(sid, None)
        for task in self._clear_lanes(sid):
            self._line_up(task)

    def _clear_lanes(self, queue: str) -> list[TaskFacts]:
        for key in [key for key, lane in self._lanes.items() if lane.queue.sid == queue]:
            del self._lanes[key]
            self._stirred.pop(key, None)
        return [entry.facts for entry in self.waiting.values() if entry.facts.queue == queue]

    # --- workers ---

    def put_worker(self, facts: WorkerFacts) -> None:
        """A worker is new, or anything about him changed."""
        before = self.workers.get(facts.sid)
        worker = self.workers[facts.sid] = Candidate(facts)
        same_profile = before is not None and _profile(before.facts) == _profile(facts)
        for lane in self._lanes.values():
            if not same_profile or lane.volatile:
                self._judge(lane, worker)
            if facts.sid in lane.members and worker.is_free(lane.channel):
                lane.offer_up(worker)
                self._stirred[lane.key] = lane

    def drop_worker(self, sid: str) -> None:
        """The worker is gone."""
        self.workers.pop(sid, None)
        for lane in self._lanes.values():
            lane.members.discard(sid)

    def _judge(self, lane: Lane, worker: Candidate) -> None:
        if lane.accepts(worker):
            lane.members.add(worker.facts.sid)
        else:
            lane.members.discard(worker.facts.sid)

    # --- tasks ---

    def put_task(self, task: TaskFacts, *, now: float) -> None:
        """A task waits; a second time changes nothing unless the row has changed."""
        standing = self.waiting.get(task.sid)
        if standing is not None and standing.facts == task:
            return
        if standing is None or standing.facts.step != task.step:
            self.entered.add(task.sid)
        self._line_up(task, now=now)
        if task.deadline is not None:
            heappush(self._deadlines, (task.deadline, task.sid, task.version))

    def drop_task(self, sid: str) -> None:
        """The task does not wait any more."""
        self.entered.discard(sid)
        self._take_out(sid)

    def _take_out(self, sid: str) -> None:
        entry = self.waiting.pop(sid, None)
        self.keys.pop(sid, None)
        if entry is not None:
            entry.lane.size -= 1
            self._retire(entry.lane)

    def _line_up(self, task: TaskFacts, *, now: float | None = None) -> None:
        self._take_out(task.sid)
        lane = self._lane_for(task, now)
        key = self._key(task)
        self.waiting[task.sid] = Waiting(task, lane)
        self.keys[task.sid] = key
        lane.add(key, task.sid)
        self._stirred[lane.key] = lane

    def _lane_for(self, task: TaskFacts, now: float | None) -> Lane:
        standing = [(sid, until) for sid, until in task.refusals if now is None or until > now]
        excluded = frozenset(sid for sid, _ in standing)
        if standing:
            # Of those that still stand: an earlier refusal of the same worker would end in the past, again and again.
            heappush(self._pauses, (min(until for _, until in standing), task.sid))
        key = lane_key(task, excluded)
        lane = self._lanes.get(key)
        if lane is None:
            queue = self.queues.get(task.queue) or QueueFacts(task.queue, None)
            lane = self._lanes[key] = Lane(key, task, queue, excluded)
            self._fill(lane)
        return lane

    def _fill(self, lane: Lane) -> None:
        for worker in self.workers.values():
            if lane.accepts(worker):
                lane.members.add(worker.facts.sid)
                if worker.is_free(lane.channel):
                    lane.offer_up(worker)

    def _retire(self, lane: Lane) -> None:
        """A lane made for one task's sake would otherwise stay for ever."""
        if lane.transient and lane.size == 0 and self._lanes.get(lane.key) is lane:
            del self._lanes[lane.key]
            self._stirred.pop(lane.key, None)

    def _key(self, task: TaskFacts) -> TaskKey:
        """Order among all tasks: FIFO queues by priority and age, then LIFO queues by age alone, newest first."""
        queue = self.queues.get(task.queue)
        if queue is not None and queue.lifo:
            return 1, 0, -task.virtual_start, -task.number
        return 0, -task.priority, task.virtual_start, task.number

    # --- for decisions ---

    def take_stirred(self) -> list[Lane]:
        """The lanes in which something may have become possible since the last time."""
        lanes = list(self._stirred.values())
        self._stirred.clear()
        return lanes

    def stir(self, lane: Lane) -> None:
        """Look at the lane again next time."""
        self._stirred[lane.key] = lane

    def assign(self, task_sid: str, worker: Candidate, *, now: float) -> TaskFacts:
        """The task is offered to the worker, as far as the board knows."""
        entry = self.waiting[task_sid]
        worker.take(entry.facts.channel, now)
        self.drop_task(task_sid)
        return entry.facts

    def due(self, now: float) -> Iterator[TaskFacts]:
        """Tasks whose step is over, each once."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, sid, version = heappop(self._deadlines)
            entry = self.waiting.get(sid)
            if entry is not None and entry.facts.version == version:
                yield entry.facts

    def end_pauses(self, now: float) -> None:
        """Workers who refused a task long enough ago count again."""
        while self._pauses and self._pauses[0][0] <= now:
            _, sid = heappop(self._pauses)
            entry = self.waiting.get(sid)
            if entry is not None:
                self._line_up(entry.facts, now=now)

    def members(self, queue_sid: str) -> Iterator[WorkerFacts]:
        """The workers of a queue."""
        queue = self.queues.get(queue_sid)
        if queue is None or queue.expression is None:
            return
        for worker in self.workers.values():
            if queue.expression(worker.facts.attributes):
                yield worker.facts


def _profile(facts: WorkerFacts) -> tuple[object, ...]:
    """What decides on membership; load and line position do not."""
    return facts.attributes, facts.friendly_name, facts.activity_sid, facts.activity_name
