"""The first of everything, made through the product's own verbs; `bench.routing.seed` multiplies the rows."""

import json
from typing import Any

from django.apps import apps

from bench.routing.shape import Shape

MODELS = ("routing.Task", "agents.Worker", "agents.WorkerChannel", "eventlog.Event")


def make(*, workers: int, queues: int, capacity: int, available: bool = True) -> dict[str, Any]:
    """A workspace with queues, a workflow, one agent and a task in each queue; what `Seed` needs to know of them."""
    from accounts.models import Account
    from agents import actions as agents
    from agents.models import Activity
    from kernel.actor import SYSTEM

    shape = Shape(0, workers, queues, capacity)
    account = Account.objects.create(friendly_name="Bench")
    workspace = agents.create_workspace(account=account, friendly_name="Bench", actor=SYSTEM)
    workflow, queue_ids = _routing(workspace, shape)
    here = Activity.objects.get(workspace=workspace, friendly_name="Available" if available else "Offline")
    worker = agents.create_worker(
        workspace,
        friendly_name="agent 0",
        actor=SYSTEM,
        activity=here,
        capacity=capacity,
        attributes=shape.attributes(0),
    )
    tasks = [_task(workspace, workflow, shape, number) for number in range(queues)]
    return {
        "workspace": {"id": workspace.pk, "sid": workspace.sid},
        "activity": here.pk,
        "worker": worker.pk,
        "tasks": [{"id": task.pk, "sid": task.sid} for task in tasks],
        "queues": queue_ids,
        "columns": {name: _columns(name) for name in MODELS},
    }


def _routing(workspace: Any, shape: Shape) -> tuple[Any, list[int]]:
    from kernel.actor import SYSTEM
    from routing import actions
    from routing.models import TaskQueue, Workflow

    rows = [
        actions.save_queue(
            TaskQueue(workspace=workspace),
            friendly_name=f"Queue {number}",
            target_workers=shape.expression(number),
            actor=SYSTEM,
        )
        for number in range(shape.queues)
    ]
    workflow = actions.save_workflow(
        Workflow(workspace=workspace),
        friendly_name="By topic",
        configuration=json.dumps(shape.document([row.sid for row in rows])),
        task_reservation_timeout=3600,
        actor=SYSTEM,
    )
    return workflow, [row.pk for row in rows]


def _task(workspace: Any, workflow: Any, shape: Shape, queue: int) -> Any:
    from kernel.actor import SYSTEM
    from routing import actions

    return actions.create_task(
        workspace,
        workflow=workflow,
        attributes=shape.task_attributes(queue),
        priority=shape.priority(queue),
        actor=SYSTEM,
    )


def _columns(name: str) -> list[str]:
    """Every column but the key."""
    return [field.column for field in apps.get_model(name)._meta.concrete_fields if not field.primary_key]
