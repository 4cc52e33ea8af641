"""Inside a `bench.hand` on the embedded default's file: a further workspace, made with the product's verbs."""

from typing import Any

from bench.routing.samples import make
from bench.routing.shape import Shape

_made: dict[str, Any] = {}


def prepare(*, tasks: int, workers: int, queues: int, capacity: int) -> int:
    """Tasks wait, agents are not there yet; the workspace's number."""
    from agents import actions
    from agents.models import Activity, Worker, Workspace
    from kernel.actor import SYSTEM
    from routing import actions as routing
    from routing.models import Workflow

    shape = Shape(tasks, workers, queues, capacity)
    samples = make(workers=workers, queues=queues, capacity=capacity, available=False)
    workspace = Workspace.objects.get(pk=samples["workspace"]["id"])
    for number in range(1, workers):
        actions.create_worker(
            workspace,
            friendly_name=f"agent {number}",
            attributes=shape.attributes(number),
            capacity=capacity,
            actor=SYSTEM,
        )
    workflow = Workflow.objects.get(workspace=workspace)
    for number in range(queues, tasks):
        attributes = shape.task_attributes(number % queues)
        routing.create_task(workspace, workflow=workflow, attributes=attributes, priority=number % 10, actor=SYSTEM)
    _made["here"] = Activity.objects.get(workspace=workspace, friendly_name="Available")
    _made["crew"] = list(Worker.objects.filter(workspace=workspace).select_related("workspace__account"))
    return int(workspace.pk)


def open_doors() -> None:
    """They come to work."""
    from agents import actions
    from kernel.actor import SYSTEM

    for worker in _made["crew"]:
        actions.set_activity(worker, activity=_made["here"], actor=SYSTEM)
