"""Which document a workflow had at a moment of the past, and what is tried instead of it."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from agents.models import Workspace
from hours.core.calendar import Calendar
from hours.core.document import read
from hours.models import Calendar as CalendarRow
from routing.core.calendars import say, scope_with
from routing.core.document import stored_workflow
from routing.core.workflow import Workflow
from routing.models import DEFAULT_RESERVATION_TIMEOUT, WorkflowVersion
from routing.models import Workflow as WorkflowRow


class Book:
    """All workflows of a workspace. A version's number here is that of its row."""

    def __init__(self, workspace: Workspace) -> None:
        rows = WorkflowRow.objects.filter(workspace=workspace)
        self._timeouts = dict(rows.values_list("sid", "task_reservation_timeout"))
        self._begin: dict[str, list[float]] = {}
        self._versions: dict[str, list[int]] = {}
        self._owner: dict[int, str] = {}
        versions = WorkflowVersion.objects.filter(workflow__workspace=workspace).order_by("created_at", "pk")
        for pk, sid, at in versions.values_list("pk", "workflow__sid", "created_at"):
            self._begin.setdefault(sid, []).append(at.timestamp())
            self._versions.setdefault(sid, []).append(pk)
            self._owner[pk] = sid

    def version_at(self, workflow_sid: str | None, at: float) -> int | None:
        """The version that tasks of that moment entered with; None for a workflow that is not there any more."""
        if workflow_sid not in self._begin:
            return None
        # A version is written with the workflow's event, an instant before or after it.
        place = max(1, bisect_right(self._begin[workflow_sid], at))
        return self._versions[workflow_sid][place - 1]

    def reservation_seconds(self, workflow_sid: str | None) -> float:
        return float(self._timeouts.get(workflow_sid or "", DEFAULT_RESERVATION_TIMEOUT))

    def owner(self, version: int) -> str | None:
        """The workflow whose version it is."""
        return self._owner.get(version)

    def recorded(self) -> "Documents":
        """What was in force."""
        return Documents(lambda _sid: None, self._owner)

    def instead(self, workflow_sid: str, document: Workflow) -> "Documents":
        """The same with one workflow changed, in all of its versions."""
        return Documents(lambda sid: document if sid == workflow_sid else None, self._owner)


class Documents(dict[int, Workflow]):
    """The workflows by the number of their version, each read when first asked for."""

    def __init__(self, replaced: Callable[[str], Workflow | None], owner: Mapping[int, str]) -> None:
        super().__init__()
        self._replaced = replaced
        self._owner = owner

    def __missing__(self, version: int) -> Workflow:
        document = self._replaced(self._owner[version])
        if document is None:
            text = WorkflowVersion.objects.values_list("configuration", flat=True).get(pk=version)
            document = stored_workflow(text)
        self[version] = document
        return document


class Hours:
    """What calendars said at a moment of the past, as they are written today. Whole minutes are kept."""

    def __init__(self, workspace: Workspace) -> None:
        rows = CalendarRow.objects.filter(workspace=workspace)
        self._calendars: dict[str, Calendar] = {
            name: read(definition) for name, definition in rows.values_list("unique_name", "definition")
        }
        self._minute = 0
        self._said: dict[frozenset[str], Mapping[str, Any]] = {}

    def scope(self, workflow: Workflow, attributes: Mapping[str, Any], at: float) -> Mapping[str, Any]:
        if not workflow.calendars:
            return attributes
        minute = int(at // 60)
        if minute != self._minute:
            self._minute, self._said = minute, {}
        if workflow.calendars not in self._said:
            moment = datetime.fromtimestamp(at, UTC)
            self._said[workflow.calendars] = say(self._calendars, workflow.calendars, moment)
        return scope_with(attributes, self._said[workflow.calendars])
