"""A lane: waiting tasks that exactly the same workers may serve, and those of the workers who are free.

Because a lane is all of one kind, its first task can always be served by its first worker; nothing deeper needs to be
looked at, however many tasks wait. Both heaps are lazy: an entry that no longer tells the truth is dropped, or put
right, when it comes to the top.
"""

import json
from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from routing.core.expressions import lookup
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import Order, Target

TaskKey = tuple[float, float, float, int]
LaneKey = tuple[Any, ...]

_ANYBODY = Target(queue="")


class Candidate:
    """A worker on the board, with what was given to him since his facts were read."""

    __slots__ = ("facts", "idle_since", "loads", "scope", "skills")

    def __init__(self, facts: WorkerFacts) -> None:
        self.facts = facts
        self.idle_since = facts.last_assigned
        self.loads = {name: channel.load for name, channel in facts.channels.items()}
        self.skills = _skills(facts.attributes)
        self.scope: dict[str, Any] = {
            **facts.attributes,
            "sid": facts.sid,
            "friendly_name": facts.friendly_name,
            "activity_sid": facts.activity_sid,
            "activity_name": facts.activity_name,
            "channel": {name: _channel_scope(channel) for name, channel in facts.channels.items()},
        }

    def is_free(self, channel: str) -> bool:
        facts = self.facts.channels.get(channel)
        return (
            self.facts.available
            and facts is not None
            and facts.available
            and self.loads[channel] < facts.configured_capacity
        )

    def take(self, channel: str, now: float) -> None:
        """One slot less; the worker goes to the end of the line."""
        self.loads[channel] += 1
        self.idle_since = max(now, self.idle_since)
        percentage = _free_percentage(self.facts.channels[channel].configured_capacity, self.loads[channel])
        self.scope["channel"][channel]["available_capacity_percentage"] = percentage


def _skills(attributes: Mapping[str, Any]) -> frozenset[str]:
    listed = attributes.get("skills")
    return frozenset(skill for skill in listed if isinstance(skill, str)) if isinstance(listed, list) else frozenset()


def _channel_scope(channel: ChannelFacts) -> dict[str, int]:
    """https://www.twilio.com/docs/taskrouter/multitasking: what target expressions may ask of a channel."""
    return {
        "configured_capacity": channel.configured_capacity,
        "assigned_tasks": channel.assigned,
        "available_capacity_percentage": _free_percentage(channel.configured_capacity, channel.load),
    }


def _free_percentage(capacity: int, load: int) -> int:
    """
    >>> _free_percentage(3, 2), _free_percentage(1, 2), _free_percentage(0, 0)
    (33, 0, 0)
    """
    return max(0, (capacity - load) * 100 // capacity) if capacity else 0


class Lane:
    """See the module. ``members`` may serve the lane's tasks; which of them is free stands in a heap."""

    __slots__ = (
        "_free",
        "_sample",
        "_tasks",
        "channel",
        "excluded",
        "key",
        "known",
        "members",
        "queue",
        "rule",
        "size",
        "skills",
        "transient",
        "volatile",
    )

    def __init__(self, key: LaneKey, task: TaskFacts, queue: QueueFacts, excluded: frozenset[str]) -> None:
        rule = task.step.rule if task.step else _ANYBODY
        self.key = key
        self.queue = queue
        self.channel = task.channel
        self.rule = rule
        self.skills = task.required_skills
        self.known = known_worker(task)
        self.excluded = excluded
        self.members: set[str] = set()
        self.size = 0
        self.transient = bool(excluded or self.known or task_references(task))
        paths = rule.expression.paths("worker") if rule.expression else ()
        self.volatile = any(path[0] == "channel" for path in paths)
        self._sample = task.attributes
        self._tasks: list[tuple[TaskKey, str]] = []
        self._free: list[tuple[tuple[float, ...], float, int, str]] = []

    def accepts(self, worker: Candidate) -> bool:
        """Whether the worker may serve these tasks at all, free or not."""
        expression = self.rule.expression
        return (
            self.queue.expression is not None
            and worker.facts.sid not in self.excluded
            and self.skills <= worker.skills
            and (self.known is None or _is_known(self.known, worker.facts))
            and self.queue.expression(worker.facts.attributes)
            and (expression is None or expression({"task": self._sample, "worker": worker.scope}))
        )

    def add(self, key: TaskKey, sid: str) -> None:
        self.size += 1
        heappush(self._tasks, (key, sid))

    def first_task(self, standing: Mapping[str, TaskKey]) -> tuple[TaskKey, str] | None:
        """The task that comes next; ``standing`` are the true keys of this lane's and other lanes' tasks."""
        while self._tasks:
            key, sid = self._tasks[0]
            if standing.get(sid) == key:
                return key, sid
            heappop(self._tasks)
        return None

    def offer_up(self, worker: Candidate) -> None:
        """The worker is free: let him be found."""
        if len(self._free) > 2 * len(self.members) + 64:
            self._free = list(set(self._free))
            heapify(self._free)
        heappush(self._free, self._entry(worker))

    def first_free(self, workers: Mapping[str, Candidate]) -> Candidate | None:
        """The free member whose turn it is: ``order_by`` first, then the longest without new work."""
        while self._free:
            entry = self._free[0]
            worker = workers.get(entry[3])
            if worker is None or not self._may_take(worker):
                heappop(self._free)
            elif entry != (true_entry := self._entry(worker)):
                heappop(self._free)
                heappush(self._free, true_entry)
            else:
                return worker
        return None

    def _may_take(self, worker: Candidate) -> bool:
        if worker.facts.sid not in self.members or not worker.is_free(self.channel):
            return False
        return not self.volatile or self.accepts(worker)

    def _entry(self, worker: Candidate) -> tuple[tuple[float, ...], float, int, str]:
        rank = tuple(_rank(order, worker.facts.attributes) for order in self.rule.order_by)
        return rank, worker.idle_since, worker.facts.number, worker.facts.sid


def _rank(order: Order, attributes: Mapping[str, Any]) -> float:
    """Smaller comes first; a worker without the whole number comes last, whatever the direction."""
    value = lookup(attributes, order.path)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        return float("inf")
    return float(-value if order.descending else value)


def known_worker(task: TaskFacts) -> tuple[str, str | None] | None:
    """The agent that the step insists on; ``("sid", None)`` when the task names nobody, so that nobody gets it."""
    known = task.step.rule.known_worker if task.step else None
    return None if known is None else (known.field, known.of(task.attributes))


def _is_known(known: tuple[str, str | None], worker: WorkerFacts) -> bool:
    field, named = known
    if named is None:
        return False
    return worker.sid == named if field == "sid" else worker.friendly_name.casefold() == named.casefold()


def task_references(task: TaskFacts) -> str:
    """The values that the step's expression reads from the task, as a key: tasks that agree on them are of a kind."""
    expression = task.step.rule.expression if task.step else None
    paths = expression.paths("task") if expression else ()
    if not paths:
        return ""
    return json.dumps([lookup(task.attributes, path) for path in paths], sort_keys=True, default=str)


def lane_key(task: TaskFacts, excluded: frozenset[str]) -> LaneKey:
    """What tasks must agree on to stand in one lane."""
    rule = task.step.rule if task.step else _ANYBODY
    text = rule.expression.text if rule.expression else ""
    return (
        task.queue,
        task.channel,
        text,
        task.required_skills,
        rule.order_by,
        known_worker(task),
        task_references(task),
        excluded,
    )
