"""A log that chance has written, put into positions as the relay does, and read by the sink."""

import json
from datetime import datetime, timedelta

from agents.tests.factories import make_worker
from eventlog import numbered
from eventlog.models import Event, Position, SinkPosition
from eventlog.numbered import NumberedEvent
from insights.sinks import Count
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions
from routing.models import WorkflowVersion
from routing.tests.factories import accepted, make_task, offered
from routing.tests.test_verbs_machine import Walk

NAME = "insights.sinks.Count"
APART = timedelta(seconds=7)


def written(seed: int, *, steps: int) -> Walk:
    """A walk of so many steps, on which tasks are moved between queues more often than chance would."""
    walk = Walk(seed)
    for step in range(steps):
        walk.step()
        if step % 40 == 39:
            _move_a_task(walk)
            _transfer_a_task(walk, str(step))
    return walk


def _move_a_task(walk: Walk) -> None:
    """By two versions of the workflow, each of which leads to another queue."""
    actions.create_task(walk.workspace, attributes={}, workflow=walk.workflow, actor=SYSTEM)
    for queue in walk.queues:
        text = json.dumps({"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}})
        actions.save_workflow(walk.workflow, configuration=text, re_evaluate_tasks=True, actor=SYSTEM)
        for version in WorkflowVersion.objects.filter(re_evaluated_to__isnull=False):
            actions.re_evaluate(version)


def _transfer_a_task(walk: Walk, name: str) -> None:
    """To another queue, whose offer is withdrawn with the transfer."""
    first, second = walk.queues
    eve, fay = (make_worker(walk.workspace, f"{who} {name}") for who in ("Eve", "Fay"))
    task = accepted(make_task(walk.workspace, first), eve).task
    begun = actions.transfer(task, to=second.sid, actor=SYSTEM)
    offered(task, fay)
    actions.cancel_transfer(begun, actor=SYSTEM)


def spread(since: datetime) -> None:
    """Each event some seconds after the one before, so that waits differ."""
    for place, pk in enumerate(Event.objects.order_by("pk").values_list("pk", flat=True)):
        Event.objects.filter(pk=pk).update(created_at=since + place * APART)


def number() -> list[NumberedEvent]:
    """Give positions to events that have none; all that have, in order."""
    last = Position.objects.count()
    fresh = Event.objects.filter(position__isnull=True).order_by("pk").values_list("pk", flat=True)
    Position.objects.bulk_create(Position(position=last + n, event_id=pk) for n, pk in enumerate(fresh, start=1))
    return numbered.events_after(0, 100_000)


def count(*, at_once: int = 50) -> Count:
    """The sink, having read all of the log that it has not read yet."""
    sink = Count(NAME)
    SinkPosition.objects.get_or_create(sink=NAME)
    events = [event for event in number() if sink.wants(event)]
    for start in range(0, len(events), at_once):
        sink.consume(events[start : start + at_once])
    return sink


def now() -> datetime:
    return clock.now()
