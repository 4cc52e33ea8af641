"""The verbs of calendars. What is saved here counts from the next look at a calendar on."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction

from accounts import policy
from agents.actions.checks import locked_workspace, named, taken, write
from agents.models import Workspace
from eventlog.record import record
from hours import queries
from hours.core.document import CalendarDocument, read
from hours.core.document import write as written
from hours.models import Calendar
from hours.payloads import calendar_payload
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

# What an expression may call something; its keywords are no names.
_NAME: Final = re.compile(r"(?!(?:and|or|not|in|has|contains|true|false|null)$)[A-Za-z_][A-Za-z0-9_]{0,63}", re.I)


def create_calendar(
    workspace: Workspace, *, unique_name: str, friendly_name: str, definition: Mapping[str, Any], actor: Actor
) -> Calendar:
    """A calendar of the shape that `hours.core.document` tells.

    Raises Invalid with the field, CalendarError with the place, Conflict when the unique name is taken (upper and
    lower case are the same).
    """
    _require(workspace, actor)
    fields = {
        "unique_name": _unique_name(unique_name),
        "friendly_name": named(friendly_name),
        "definition": _definition(definition),
    }
    try:
        with transaction.atomic():
            calendar = Calendar.objects.create(workspace=workspace, **fields)
            _note("calendar.created", calendar, actor=actor)
    except IntegrityError as error:
        raise taken(unique_name, field="unique_name") from error
    return calendar


def update_calendar(
    calendar: Calendar,
    *,
    actor: Actor,
    unique_name: str | None = None,
    friendly_name: str | None = None,
    definition: Mapping[str, Any] | None = None,
) -> Calendar:
    """New names or new hours; None keeps what is. The definition is given as a whole; nothing is noted where nothing
    changes.

    Raises as `create_calendar`, and Conflict for another unique name while something refers to the calendar by it.
    """
    _require(calendar.workspace, actor)
    fields: dict[str, Any] = {}
    if friendly_name is not None:
        fields["friendly_name"] = named(friendly_name)
    if definition is not None:
        fields["definition"] = _definition(definition)
    if unique_name is not None and unique_name.strip() != calendar.unique_name:
        fields["unique_name"] = _unique_name(unique_name)
    try:
        with transaction.atomic():
            if "unique_name" in fields:
                _refuse_while_used(calendar, field="unique_name")
            previous = write(calendar, fields)
            if previous:
                _note("calendar.updated", calendar, actor=actor, previous=_told(previous, calendar))
    except IntegrityError as error:
        raise taken(fields["unique_name"], field="unique_name") from error
    return calendar


def delete_calendar(calendar: Calendar, *, actor: Actor) -> None:
    """Raises Conflict while something refers to the calendar."""
    _require(calendar.workspace, actor)
    with transaction.atomic():
        _refuse_while_used(calendar)
        _note("calendar.deleted", calendar, actor=actor)
        calendar.delete()


def _require(workspace: Workspace, actor: Actor) -> None:
    policy.require(actor, "config:write", account_sid=workspace.account.sid)


def _refuse_while_used(calendar: Calendar, *, field: str | None = None) -> None:
    """Under the lock that every change of the workspace's configuration takes, so that no reference comes meanwhile."""
    locked_workspace(calendar.workspace)
    user = queries.user_of(calendar)
    if user:
        raise Conflict("%(name)s refers to this calendar.", field=field, params={"name": user})


def _unique_name(text: str) -> str:
    name = text.strip()
    if _NAME.fullmatch(name) is None:
        raise Invalid(
            "Use letters, digits and _, at most 64, no digit first, and no word of expressions such as not.",
            field="unique_name",
        )
    return name


def _definition(document: Mapping[str, Any]) -> CalendarDocument:
    return written(read(document))


def _told(previous: Mapping[str, Any], calendar: Calendar) -> dict[str, Any]:
    """The changed parts of the hours one by one, as the payload has them."""
    hours: Mapping[str, Any] = previous.get("definition", {})
    parts = {name: value for name, value in hours.items() if calendar.definition.get(name) != value}
    return {name: value for name, value in previous.items() if name != "definition"} | parts


def _note(event: str, calendar: Calendar, *, actor: Actor, previous: Mapping[str, Any] | None = None) -> None:
    record(
        event,
        subject_sid=calendar.sid,
        data={**calendar_payload(calendar), **({"previous": dict(previous)} if previous else {})},
        audiences=[f"floor:{calendar.workspace.sid}"],
        actor=actor,
        workspace_sid=calendar.workspace.sid,
    )
