"""What the filters of a workflow may look at: the task's attributes, and the calendars that they name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eventlog.dbclock import database_now
from hours import queries as hours
from hours.models import Calendar
from routing import models
from routing.core.calendars import scope_with
from routing.core.document import stored_workflow
from routing.core.states import TASK_LIVE
from routing.core.workflow import Workflow


@dataclass(slots=True)
class Scopes:
    """The scopes of several tasks of a workspace at one moment: each set of calendars is read once."""

    workspace_id: int
    at: datetime
    _said: dict[frozenset[str], Mapping[str, Any]] = field(default_factory=dict)

    def of(self, attributes: Mapping[str, Any], workflow: Workflow) -> Mapping[str, Any]:
        """The attributes themselves where the workflow names no calendar."""
        wanted = workflow.calendars
        if not wanted:
            return attributes
        if wanted not in self._said:
            self._said[wanted] = hours.facts_at(self.workspace_id, wanted, self.at)
        return scope_with(attributes, self._said[wanted])


def filter_scope(
    workspace_id: int, attributes: Mapping[str, Any], workflow: Workflow, at: datetime | None = None
) -> Mapping[str, Any]:
    """The scope of one task, now unless another moment is given."""
    if not workflow.calendars:
        return attributes
    return Scopes(workspace_id, at or database_now()).of(attributes, workflow)


def workflow_asking(calendar: Calendar) -> str:
    """The name of a workflow that asks the calendar, also by an older version that a live task still follows."""
    of_workspace = models.Workflow.objects.filter(workspace_id=calendar.workspace_id)
    followed = models.WorkflowVersion.objects.filter(
        workflow__in=of_workspace, tasks__assignment_status__in=TASK_LIVE
    ).distinct()
    columns = of_workspace.values_list("friendly_name", "configuration")
    older = followed.values_list("workflow__friendly_name", "configuration")
    asking = (name for name, text in (*columns, *older) if calendar.unique_name in stored_workflow(text).calendars)
    return next(asking, "")
