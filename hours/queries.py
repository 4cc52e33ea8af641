"""Reads over calendars."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from agents.models import Workspace
from hours.core.document import read
from hours.core.facts import Facts, facts
from hours.models import Calendar
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound


def visible_to(actor: Actor) -> QuerySet[Calendar]:
    """The calendars of the actor's own account, by name."""
    ours = Calendar.objects.filter(workspace__account__sid=actor.account_sid)
    return ours.select_related("workspace").order_by("unique_name", "pk")


def calendar(name: str, *, actor: Actor) -> Calendar:
    """The calendar of that unique name or sid.

    Raises NotFound, and Invalid for a name that several workspaces of the account have: their sids tell them apart.
    """
    found = list(visible_to(actor).filter(Q(sid=name) | Q(unique_name=name))[:2])
    if not found:
        raise NotFound("There is no calendar %(name)s.", params={"name": name[:64]})
    if len(found) > 1:
        raise Invalid("Several workspaces have a calendar %(name)s. Name it by its sid.", params={"name": name})
    return found[0]


def names(workspace: Workspace) -> frozenset[str]:
    """The unique names that expressions of the workspace may use."""
    return frozenset(Calendar.objects.filter(workspace=workspace).values_list("unique_name", flat=True))


def facts_at(workspace_id: int, wanted: Collection[str], moment: datetime) -> Mapping[str, Facts]:
    """What these calendars say of a moment, by unique name; those that there are. One query, and always fresh."""
    rows = Calendar.objects.filter(workspace_id=workspace_id, unique_name__in=wanted)
    return {name: facts(read(definition), moment) for name, definition in rows.values_list("unique_name", "definition")}


def user_of(calendar: Calendar) -> str:
    """The name of something that refers to the calendar; empty when nothing does.

    Who may refer to one stands in ``settings.CALENDAR_USERS``: this package knows none of them.
    """
    found = (import_string(path)(calendar) for path in settings.CALENDAR_USERS)
    return next((name for name in found if name), "")
