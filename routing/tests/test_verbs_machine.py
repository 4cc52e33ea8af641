"""Any verb at any moment, by anybody: rows, counters and the log always tell the same."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest

from agents import actions as agents
from agents.models import Activity, WorkerChannel
from agents.payloads import worker_payload
from agents.tests.factories import agent, make_worker, make_workspace
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from routing import actions, queries
from routing.core.states import RESERVATION_OPEN
from routing.models import Reservation, Task, Transfer
from routing.payloads import reservation_payload, task_payload
from routing.tests.factories import make_queue, make_workflow

STEPS: Final = 60
LATEST: Final = 4  # Tasks that the walk goes on with; older ones are done with, or stay as they are.


class Walk:
    """A workspace with four workers, two queues and a workflow, through which chance goes. ``trace`` tells its way."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.trace: list[str] = []
        self.workspace = make_workspace()
        self.queues = [
            make_queue(self.workspace, "One", max_reserved_workers=3),
            make_queue(self.workspace, "Two", max_reserved_workers=2),
        ]
        first, second = (queue.sid for queue in self.queues)
        self.workflow = make_workflow(
            self.workspace, ("1==1", [{"queue": first, "priority": 4, "timeout": 9}, {"queue": second}])
        )
        self.workers = [make_worker(self.workspace, name, capacity=2) for name in ("Ada", "Ben", "Cy", "Dee")]
        self.newest: dict[str, dict[str, Any]] = {}
        self.heard = 0

    # --- picking ---

    def tasks(self) -> list[Task]:
        return list(queries.tasks().filter(workspace=self.workspace).order_by("-pk")[:LATEST])

    def any_of(self, rows: Any) -> Any:
        found = list(rows)
        return self.chance.choice(found) if found else None

    def reservation(self) -> Reservation | None:
        return self.any_of(queries.reservations().filter(worker__workspace=self.workspace).order_by("-pk")[:6])

    def worker(self) -> Any:
        return self.chance.choice(self.workers)

    def one(self, *verbs: Any) -> Any:
        return self.chance.choice(verbs)

    def attempt(self, verb: Callable[..., Any], row: Any, **given: Any) -> None:
        """A refusal is an answer as well: it must have changed nothing."""
        if row is None:
            return
        before = Event.objects.count()
        try:
            verb(row, **given)
        except DomainError as refusal:
            self.trace.append(f"{verb.__name__} {row} {given} refused: {refusal}")
            assert Event.objects.count() == before
        else:
            self.trace.append(f"{verb.__name__} {row} {given}")

    # --- verbs ---

    def create(self) -> None:
        where: dict[str, Any] = self.one(
            {"workflow": self.workflow},
            {"task_queue": self.one(*self.queues)},
            {"routing_target": self.worker().sid},
        )
        actions.create_task(self.workspace, attributes={"n": self.chance.random()}, actor=SYSTEM, **where)

    def offer(self) -> None:
        workers = self.chance.sample(self.workers, self.chance.randint(1, 3))
        self.attempt(actions.offer, self.any_of(self.tasks()), workers=workers)

    def answer(self) -> None:
        self.attempt(self.one(actions.accept, actions.reject), self.reservation(), actor=SYSTEM)

    def expire(self) -> None:
        self.attempt(actions.expire, self.reservation())

    def finish_part(self) -> None:
        verb = self.one(actions.wrap_up_reservation, actions.complete_reservation)
        self.attempt(verb, self.reservation(), actor=SYSTEM)

    def finish(self) -> None:
        who = self.one(SYSTEM, agent(self.worker()))
        self.attempt(self.one(actions.wrap_up, actions.complete), self.any_of(self.tasks()), actor=who)

    def cancel(self) -> None:
        self.attempt(actions.cancel_task, self.any_of(self.tasks()), actor=SYSTEM, reason="gone")

    def delete(self) -> None:
        self.attempt(actions.delete_task, self.any_of(self.tasks()), actor=SYSTEM)

    def update(self) -> None:
        given = {"priority": self.chance.randint(0, 9), "task_channel": self.one(None, "sms", "default")}
        self.attempt(actions.update_task, self.any_of(self.tasks()), actor=SYSTEM, **given)

    def give_up(self) -> None:
        self.attempt(actions.give_up, self.any_of(self.tasks()), cause=self.one("timeout", "skip"))

    def transfer(self) -> None:
        to = self.one(*self.workers, *self.queues, self.workflow).sid
        given = {"mode": self.one("COLD", "WARM"), "attributes": {"to": to}, "priority": self.chance.randint(0, 9)}
        self.attempt(actions.transfer, self.any_of(self.tasks()), to=to, actor=SYSTEM, **given)

    def cancel_transfer(self) -> None:
        rows = queries.transfers().filter(task__workspace=self.workspace).order_by("-pk")[:3]
        self.attempt(actions.cancel_transfer, self.any_of(rows), actor=SYSTEM)

    def leave(self) -> None:
        activity = Activity.objects.get(workspace=self.workspace, friendly_name=self.one("Available", "Break"))
        reject = self.one(True, False)
        self.attempt(actions.leave, self.worker(), activity=activity, reject_pending=reject, actor=SYSTEM)

    def set_capacity(self) -> None:
        channel = WorkerChannel.objects.get(worker=self.worker(), task_channel__unique_name="default")
        self.attempt(agents.set_capacity, channel, capacity=self.chance.randint(0, 4), actor=SYSTEM)

    def re_evaluate(self) -> None:
        queue = self.one(*self.queues)
        text = f'{{"task_routing": {{"filters": [], "default_filter": {{"queue": "{queue.sid}"}}}}}}'
        given = {"configuration": text, "re_evaluate_tasks": self.one(True, False)}
        self.attempt(actions.save_workflow, self.workflow, actor=SYSTEM, **given)

    def back_to_work(self) -> None:
        """Chance takes people away by every time-out, and would soon have nobody left to ask."""
        available = Activity.objects.get(workspace=self.workspace, friendly_name="Available")
        for worker in self.workers:
            agents.set_activity(worker, activity=available, actor=SYSTEM)

    def step(self) -> None:
        often = [self.offer, self.answer, self.answer, self.transfer, self.transfer, self.back_to_work]
        rarely = [self.expire, self.finish_part, self.finish, self.cancel, self.delete, self.update, self.give_up]
        rarely += [self.cancel_transfer, self.leave, self.set_capacity, self.re_evaluate]
        live = [task for task in self.tasks() if task.ended_at is None]
        self.create() if len(live) < 2 else self.chance.choice([*often, *often, *rarely])()

    # --- what is always true ---

    def check(self) -> None:
        self.counters_tell_what_the_rows_tell()
        for task in self.tasks():
            self.task_is_where_its_reservations_say(task)
        self.log_ends_where_the_rows_stand()

    def counters_tell_what_the_rows_tell(self) -> None:
        open_now = Reservation.objects.filter(worker__workspace=self.workspace, reservation_status__in=RESERVATION_OPEN)
        rows = list(open_now.values_list("worker_id", "task__task_channel_id", "reservation_status"))
        for channel in WorkerChannel.objects.filter(worker__workspace=self.workspace):
            mine = [status for *place, status in rows if place == [channel.worker_id, channel.task_channel_id]]
            assert (channel.load, channel.assigned) == (len(mine), mine.count("accepted"))

    def task_is_where_its_reservations_say(self, task: Task) -> None:
        offers, holders = queries.offers(task), queries.holders(task)
        status, states = task.assignment_status, {row.reservation_status for row in holders}
        assert bool(offers) == (status == "reserved")
        assert bool(holders) == (status in ("assigned", "wrapping") or task.in_transfer)
        assert (status == "wrapping") == (states == {"wrapping"})
        begun = list(Transfer.objects.filter(task=task, status="initiated"))
        assert bool(begun) == task.in_transfer <= (status in ("pending", "reserved"))
        assert all(row.transfer == (begun[0] if begun else None) for row in offers)
        assert all(each.initiating_reservation.reservation_status == "accepted" for each in begun)

    def log_ends_where_the_rows_stand(self) -> None:
        """Nothing changes without an event: the newest one of each subject is the subject as it is."""
        self.hear()
        for task in self.tasks():
            told = task_payload(task)
            assert {name: self.newest[task.sid][name] for name in told} == told
        for row in queries.reservations().filter(worker__workspace=self.workspace).order_by("-pk")[:8]:
            told = {**reservation_payload(row), "task": None, "transfer": None}
            assert {**self.newest[row.sid], "task": None, "transfer": None} == told
        for worker in self.workers:
            worker.refresh_from_db()
            told = {**worker_payload(worker), "channels": None}
            assert {name: {**self.newest[worker.sid], "channels": None}[name] for name in told} == told

    def hear(self) -> None:
        for event in Event.objects.filter(workspace_sid=self.workspace.sid, pk__gt=self.heard).order_by("pk"):
            self.heard = event.pk
            for payload in (event.data, event.data.get("task") or {}):
                known = self.newest.get(payload.get("sid", ""))
                if payload and (known is None or payload["version"] >= known["version"]):
                    self.newest[payload["sid"]] = payload


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_rows_counters_and_log_agree_whatever_happens(seed: int) -> None:
    walk = Walk(seed)

    for _ in range(STEPS):
        walk.step()
        try:
            walk.check()
        except AssertionError as error:
            raise AssertionError("\n".join(walk.trace[-12:])) from error

    assert len(walk.trace) > STEPS / 2
