"""Looks through a workflow for what is allowed and yet hardly meant: rules that nothing reaches, queues that nobody
serves, time that never runs out, names that nobody has."""

from collections.abc import Callable, Iterator
from typing import Final

from routing.core.checks import crews, flow, names
from routing.core.checks.facts import Finding, Names, Patience, Queue, Severity, Surroundings, names_of
from routing.core.workflow import Workflow

__all__ = ["Finding", "Names", "Patience", "Queue", "Severity", "Surroundings", "check", "names_of"]

SECONDS: Final = 1.5
MAX_FINDINGS: Final = 500
"""Of each kind of look, like the seconds."""

Look = Callable[[Workflow, Surroundings, Patience], Iterator[Finding]]
_RANK = {"error": 0, "warning": 1, "note": 2}


def check(workflow: Workflow, around: Surroundings) -> tuple[Finding, ...]:
    """What is found, the worst first; what is not found in time is left out, and ``unfinished`` tells so."""
    found: list[Finding] = []
    looks = (flow.findings, crews.findings, names.findings, _ignored)
    if not all([_gather(look, workflow, around, found) for look in looks]):
        found.append(Finding("unfinished", "task_routing", "note"))
    return tuple(sorted(found, key=lambda finding: _RANK[finding.severity]))


def _gather(look: Look, workflow: Workflow, around: Surroundings, found: list[Finding]) -> bool:
    """Whether it came to its end."""
    patience = Patience(SECONDS)
    try:
        for number, finding in enumerate(look(workflow, around, patience)):
            if number == MAX_FINDINGS:
                return False
            found.append(finding)
            patience.tick()
    except TimeoutError:
        return False
    return True


def _ignored(workflow: Workflow, _around: Surroundings, _patience: Patience) -> Iterator[Finding]:
    for path in workflow.ignored:
        yield Finding("ignored-key", path, "note", {"key": path.rpartition(".")[2]})
