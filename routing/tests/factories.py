"""Queues, workflows, tasks and reservations for tests, made through the same doors as everywhere."""

import json
from typing import Any

from django.test import override_settings

from agents.models import Worker, Workspace
from eventlog.relay import Relay
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.models import Reservation, Task, TaskQueue, Workflow
from routing.router.engine import Router


def make_queue(workspace: Workspace, name: str = "Everyone", target_workers: str = "1==1", **more: Any) -> TaskQueue:
    row = TaskQueue(workspace=workspace)
    return actions.save_queue(row, friendly_name=name, target_workers=target_workers, actor=SYSTEM, **more)


def document(*filters: tuple[str, list[dict[str, Any]]], default: TaskQueue | None = None) -> str:
    """Twilio's document from pairs of expression and targets."""
    routing: dict[str, Any] = {"filters": [{"expression": text, "targets": targets} for text, targets in filters]}
    if default is not None:
        routing["default_filter"] = {"queue": default.sid}
    return json.dumps({"task_routing": routing})


def make_workflow(
    workspace: Workspace,
    *filters: tuple[str, list[dict[str, Any]]],
    default: TaskQueue | None = None,
    name: str = "Messages",
    timeout: int = 30,
) -> Workflow:
    return actions.save_workflow(
        Workflow(workspace=workspace),
        friendly_name=name,
        configuration=document(*filters, default=default),
        task_reservation_timeout=timeout,
        actor=SYSTEM,
    )


def make_task(workspace: Workspace, queue: TaskQueue | None = None, **more: Any) -> Task:
    """A task in ``queue``, or where the workspace's only workflow puts it."""
    given: dict[str, Any] = {"attributes": {}, "task_queue": queue, "actor": SYSTEM}
    return actions.create_task(workspace, **(given | more))


def offered(task: Task, worker: Worker) -> Reservation:
    return asked(task, worker)[0]


def asked(task: Task, *workers: Worker) -> list[Reservation]:
    """The task is offered to all of these at once."""
    return [queries.reservation(row.sid) for row in actions.offer(queries.task(task.sid), workers=workers)]


def accepted(task: Task, worker: Worker) -> Reservation:
    return queries.reservation(actions.accept(offered(task, worker), actor=SYSTEM).sid)


class Pump:
    """Relay and router in this process, stepped until nothing is left to do."""

    def __init__(self) -> None:
        with override_settings(EVENT_SINKS=[]):  # What follows from events is other packages' tests.
            self.relay = Relay()
        self.router = Router()

    def run(self) -> None:
        for _ in range(100):
            worked = self.relay.step()
            if not self.router.step() and not worked:
                return
        raise AssertionError("The router does not come to rest.")
