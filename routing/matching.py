"""Who would serve a queue now: reads for people who write expressions."""

from dataclasses import dataclass

from agents.models import Worker, Workspace
from kernel.errors import DomainError
from routing.core.expressions import parse
from routing.models import TaskQueue

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Match:
    """Who matches an expression; ``problem`` instead, if it cannot be read. ``shown`` are the first of ``count``."""

    shown: tuple[Worker, ...] = ()
    count: int = 0
    available: int = 0
    problem: DomainError | None = None

    @property
    def more(self) -> int:
        """How many match and are not shown."""
        return self.count - len(self.shown)


def match(expression: str, *, workspace: Workspace) -> Match:
    """Who matches, those who are available first."""
    try:
        crew = _matching(expression, workspace_id=workspace.pk)
    except DomainError as error:
        return Match(problem=error)
    crew.sort(key=lambda worker: (not worker.activity.available, worker.friendly_name.lower()))
    return Match(tuple(crew[:SHOWN]), len(crew), sum(worker.activity.available for worker in crew))


def crew(queue: TaskQueue) -> list[Worker]:
    """The workers of a queue."""
    return _matching(queue.target_workers, workspace_id=queue.workspace_id)


def _matching(text: str, *, workspace_id: int) -> list[Worker]:
    if not text.strip():
        return []
    expression = parse(text)
    workers = Worker.objects.filter(workspace_id=workspace_id).select_related("activity").order_by("pk")
    return [worker for worker in workers if expression(worker.attributes)]
