"""What the verbs of queues and workflows share. What is saved by them decides the very next task."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from accounts import policy
from agents.actions.checks import locked_workspace, named, write
from agents.actions.checks import taken as name_taken
from agents.models import Workspace
from hours import queries as hours
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import TaskQueue, Workflow


def require_config(workspace: Workspace, actor: Actor) -> None:
    """Raises Forbidden unless the actor may configure the workspace."""
    policy.require(actor, "config:write", account_sid=workspace.account.sid)


def lock_configuration(workspace: Workspace) -> None:
    """One change of the configuration at a time: a workflow names its queues in text, which no foreign key watches.

    The weaker lock lets tasks be created meanwhile.
    """
    locked_workspace(workspace)


def given(**fields: Any) -> dict[str, Any]:
    """What was given, trimmed; None keeps what the row has."""
    named = {name: value for name, value in fields.items() if value is not None}
    return {name: value.strip() if isinstance(value, str) else value for name, value in named.items()}


def save(row: TaskQueue | Workflow, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write the row; returns what the changed fields were before, or None for a new row."""
    if not row._state.adding:
        return write(row, fields)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return None


def check_name(row: TaskQueue | Workflow, fields: Mapping[str, Any]) -> None:
    """Raises Invalid."""
    named(fields.get("friendly_name", row.friendly_name))


def taken(row: TaskQueue | Workflow, fields: Mapping[str, Any]) -> Conflict:
    """The refusal of a name that another has."""
    return name_taken(fields.get("friendly_name", row.friendly_name))


def check_document(configuration: str, workspace: Workspace) -> None:
    """Raises Invalid for ``configuration``, whose params hold path, line and column."""
    queues = frozenset(TaskQueue.objects.filter(workspace=workspace).values_list("sid", flat=True))
    try:
        parse_workflow(configuration, queues=queues, calendars=hours.names(workspace))
    except ConfigurationError as error:
        problem = gettext(error.message) % error.params if error.params else gettext(error.message)
        raise Invalid(
            "%(path)s: %(problem)s" if error.path else "%(problem)s",
            code=error.code,
            field="configuration",
            params={"path": error.path, "line": error.line, "column": error.column, "problem": problem},
        ) from error
