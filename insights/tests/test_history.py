"""Figures of the past are what a plain reading of the log tells."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from eventlog.models import Event, SinkPosition
from insights import queries
from insights.models import ActivitySpell, TaskFact
from insights.queries import Period
from insights.rebuilding import rebuild
from insights.tests import history

pytestmark = pytest.mark.django_db

NAMES = {
    "reservation.created": "reservations_created",
    "reservation.accepted": "reservations_accepted",
    "reservation.rejected": "reservations_rejected",
    "reservation.timeout": "reservations_timed_out",
    "reservation.canceled": "reservations_canceled",
    "reservation.rescinded": "reservations_rescinded",
    "task.created": "tasks_created",
    "task.completed": "tasks_completed",
    "task.canceled": "tasks_canceled",
    "task.deleted": "tasks_deleted",
    "task-queue.moved": "tasks_moved",
    "workflow.timeout": "tasks_timed_out_in_workflow",
}


@dataclass
class Plain:
    """The log read from its beginning, without any of the product's code for statistics."""

    period: Period
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    waits: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    queue_of: dict[str, str] = field(default_factory=dict)

    def read(self, workspace_sid: str) -> "Plain":
        for event in Event.objects.filter(workspace_sid=workspace_sid).order_by("pk"):
            task = event.data.get("task") or event.data
            if "task_queue_sid" in task:
                self.see(event, task)
        return self

    def see(self, event: Event, task: dict[str, Any]) -> None:
        queue = task["task_queue_sid"]
        if event.type == "task-queue.moved":
            queue = self.queue_of[event.subject_sid]
        elif event.type == "reservation.created":
            self.queue_of[event.subject_sid] = queue
        elif event.type == "reservation.canceled":
            queue = self.queue_of[event.subject_sid]
        if self.period.start <= event.created_at <= self.period.end:
            self.add(event, task, queue)
        # On the way to another queue the first events tell of it already; it is left by the move.
        way = ("workflow.entered", "workflow.target-matched", "task-queue.timeout")
        if event.type.startswith(("task", "workflow")) and event.type not in way:
            self.queue_of[task["sid"]] = task["task_queue_sid"]

    def add(self, event: Event, task: dict[str, Any], queue: str) -> None:
        scopes = [event.workspace_sid, queue, task["workflow_sid"], event.data.get("worker_sid")]
        for scope in filter(None, scopes):
            self.counts[scope, event.type] += 1
            wait = ms(event.created_at - datetime.fromisoformat(task["date_created"]))
            self.waits.setdefault((scope, event.type), []).append(wait)
        if event.type == "task.transfer-initiated":
            to = event.data["transfer"]["to"][:2]
            if to in ("WQ", "WW"):
                self.counts[queue, "task-queue.entered"] += 1
            if to == "WW":
                self.counts[task["workflow_sid"], "workflow.entered"] += 1
        if event.type == "reservation.accepted":
            since = datetime.fromisoformat(task["task_queue_entered_date"])
            self.waits.setdefault((queue, "in queue"), []).append(ms(event.created_at - since))


def ms(length: timedelta) -> int:
    return max(0, round(length.total_seconds() * 1000))


def told(spread: queries.Spread) -> tuple[int, int, int, int]:
    return (spread.count, spread.total, spread.least, spread.most)


def plain(waits: list[int]) -> tuple[int, int, int, int]:
    return (len(waits), sum(waits), min(waits, default=0), max(waits, default=0))


@pytest.mark.parametrize("seed", range(2))
def test_figures_are_what_a_plain_query_over_the_log_tells(seed: int) -> None:
    walk = history.written(seed, steps=100)
    start = history.now()
    history.spread(start)
    history.count()
    length = Event.objects.count() * history.APART
    home = walk.workspace.sid

    for period in (Period(start, start + length), Period(start + length / 4, start + length * 2 / 3)):
        expected = Plain(period).read(home)
        columns = {
            home: "workspace_sid",
            walk.workflow.sid: "workflow_sid",
            **{queue.sid: "task_queue_sid" for queue in walk.queues},
            **{worker.sid: "worker_sid" for worker in walk.workers},
        }
        for sid, column in columns.items():
            found = queries.figures(queries.facts(period, **{column: sid}), thresholds=(60, 600))
            for kind in NAMES if column != "worker_sid" else [name for name in NAMES if name.startswith("res")]:
                assert found.count(kind) == expected.counts[sid, kind], (column, kind)
            accepted = expected.waits.get((sid, "reservation.accepted"), [])
            assert told(found.until_accepted) == plain(accepted)
            assert [found.splits[60].accepted_below, found.splits[600].accepted_above] == [
                sum(wait <= 60_000 for wait in accepted),
                sum(wait > 600_000 for wait in accepted),
            ]
            if column != "worker_sid":
                canceled = expected.waits.get((sid, "task.canceled"), [])
                assert told(found.until_canceled) == plain(canceled)
                assert found.splits[60].canceled_above == sum(wait > 60_000 for wait in canceled)
            if column == "task_queue_sid":
                arrived = found.count("task-queue.entered", "transfer.to-queue", "transfer.to-workflow")
                assert arrived == expected.counts[sid, "task-queue.entered"]
                assert told(found.in_queue_until_accepted) == plain(expected.waits.get((sid, "in queue"), []))
            if column == "workflow_sid":
                arrived = found.count("workflow.entered", "transfer.to-workflow")
                assert arrived == expected.counts[sid, "workflow.entered"]
    happened = set(Event.objects.filter(workspace_sid=home).values_list("type", flat=True))
    assert happened >= {"reservation.accepted", "task-queue.moved", "task.transfer-initiated", "task.canceled"}


def test_several_queues_at_once_are_what_each_is_alone() -> None:
    walk = history.written(1, steps=80)
    history.count()
    period = Period(history.now() - timedelta(hours=1), history.now())
    sids = [queue.sid for queue in walk.queues]

    together = queries.figures_by_queue(queries.facts(period, task_queue_sid__in=sids), thresholds=(5,))

    alone = {sid: queries.figures(queries.facts(period, task_queue_sid=sid), thresholds=(5,)) for sid in sids}
    assert together == alone


def test_what_is_fed_twice_counts_once() -> None:
    history.written(2, steps=40)
    sink = history.count()
    before = list(TaskFact.objects.order_by("pk").values())

    events = [event for event in history.number() if sink.wants(event)]
    sink.consume(events)
    SinkPosition.objects.filter(sink=history.NAME).update(position=0)
    sink.consume(events)

    assert before
    assert list(TaskFact.objects.order_by("pk").values()) == before


def test_the_size_of_batches_changes_nothing() -> None:
    history.written(2, steps=40)
    history.count(at_once=1)
    one_by_one = list(TaskFact.objects.order_by("pk").values())
    TaskFact.objects.all().delete()
    SinkPosition.objects.filter(sink=history.NAME).update(position=0)

    history.count(at_once=1000)

    assert list(TaskFact.objects.order_by("pk").values()) == one_by_one


def test_a_rebuild_makes_whole_what_was_lost_or_wrong() -> None:
    history.written(3, steps=60)
    history.count()
    facts, spells = list(TaskFact.objects.order_by("pk").values()), list(ActivitySpell.objects.order_by("pk").values())
    TaskFact.objects.filter(pk__in=[row["position"] for row in facts[::2]]).delete()
    TaskFact.objects.update(wait=5)
    ActivitySpell.objects.all().delete()
    TaskFact.objects.create(**{**facts[0], "position": 1_000_000, "kind": "task.created"})

    steps = list(rebuild())

    assert steps[-1][0] == steps[-1][1] == Event.objects.count()
    assert list(ActivitySpell.objects.order_by("pk").values()) == spells
    assert list(TaskFact.objects.filter(pk__lt=1_000_000).order_by("pk").values()) == facts
    assert TaskFact.objects.filter(pk=1_000_000).exists()  # Beyond what there was to read: the sink's, not ours.


def test_the_command_says_how_much_it_has_read() -> None:
    history.written(3, steps=20)
    history.count()
    TaskFact.objects.all().delete()
    out = StringIO()

    call_command("rebuild_insights", stdout=out)

    assert out.getvalue() == f"{Event.objects.count()} positions of the log read.\n"
    assert TaskFact.objects.exists()
