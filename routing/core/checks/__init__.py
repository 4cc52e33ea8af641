"""Looks through a workflow for what is allowed and yet hardly meant: rules that nothing reaches, queues that nobody
serves, time that never runs out, names that nobody has."""

from routing.core.checks import crews, flow, names
from routing.core.checks.facts import Finding, Names, Queue, Severity, Surroundings, names_of
from routing.core.workflow import Workflow

__all__ = ["Finding", "Names", "Queue", "Severity", "Surroundings", "check", "names_of"]

_RANK = {"error": 0, "warning": 1, "note": 2}


def check(workflow: Workflow, around: Surroundings) -> tuple[Finding, ...]:
    """What is found, the worst first."""
    found = [
        *flow.findings(workflow, around),
        *crews.findings(workflow, around),
        *names.findings(workflow, around),
        *(Finding("ignored-key", path, "note", {"key": path.rpartition(".")[2]}) for path in workflow.ignored),
    ]
    return tuple(sorted(found, key=lambda finding: _RANK[finding.severity]))
