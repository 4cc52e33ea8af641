"""Whether there is anybody for the tasks that a target takes."""

from collections.abc import Iterator

from routing.core.checks.facts import Finding, Patience, Surroundings, asks_for_profile_alone
from routing.core.facts import WorkerFacts
from routing.core.logic import can_hold
from routing.core.workflow import Target, Workflow


def findings(workflow: Workflow, around: Surroundings, patience: Patience) -> Iterator[Finding]:
    """As `routing.core.checks.check`."""
    for path, target in targets(workflow):
        patience.tick()
        found = _queue(path, target, around)
        if not any(finding.severity == "error" for finding in found):
            found += _target(path, target, around)
        yield from found


def targets(workflow: Workflow) -> Iterator[tuple[str, Target]]:
    """Every target and the default filter, with their places."""
    for index, rule in enumerate(workflow.filters):
        for number, target in enumerate(rule.targets):
            yield f"task_routing.filters[{index}].targets[{number}]", target
    if workflow.default is not None:
        yield "task_routing.default_filter", workflow.default


def _queue(path: str, target: Target, around: Surroundings) -> list[Finding]:
    queue = around.queues[target.queue]
    params = {"queue": queue.name}
    place = f"{path}.queue"
    if queue.expression is None:
        return [Finding("queue-for-nobody", place, "error", params)]
    if not can_hold(queue.expression):
        return [Finding("queue-never-true", place, "error", params)]
    crew = around.queue_crew(target.queue)
    if not crew:
        return [Finding("queue-unserved", place, "error", params)]
    return _capacity(crew, place, params, around)


def _capacity(crew: tuple[WorkerFacts, ...], place: str, params: dict[str, str], around: Surroundings) -> list[Finding]:
    able = {
        name
        for worker in crew
        for name, channel in worker.channels.items()
        if channel.available and channel.configured_capacity
    }
    if not able:
        return [Finding("queue-without-capacity", place, "error", params)]
    return [
        Finding("channel-without-capacity", place, "warning", {**params, "channel": name})
        for name in sorted(around.channels - able)
    ]


def _target(path: str, target: Target, around: Surroundings) -> list[Finding]:
    expression = target.expression
    if expression is None:
        return []
    place = f"{path}.expression"
    if not can_hold(expression):
        # With seconds it is a known way to let a task wait, such as for a call back.
        return [
            Finding("target-holds", place, "note")
            if target.timeout_seconds
            else Finding("target-never", place, "error")
        ]
    if asks_for_profile_alone(expression) and not around.crew(target):
        queue = around.queues[target.queue].name
        return [Finding("target-unserved", place, "warning" if target.timeout_seconds else "error", {"queue": queue})]
    return []
