"""The wire shapes of calendars."""

from datetime import datetime
from typing import TypedDict

from hours.core.document import CalendarDocument, read, write
from hours.core.facts import Facts, facts
from hours.models import Calendar
from kernel import clock


class CalendarPayload(CalendarDocument):
    sid: str
    workspace_sid: str
    version: int
    unique_name: str
    friendly_name: str


class CalendarState(Facts):
    """A calendar at a moment. ``reason`` is one of hours, outside, holiday, override."""

    sid: str
    workspace_sid: str
    unique_name: str
    friendly_name: str
    time_zone: str
    at: str


class _Named(TypedDict):
    sid: str
    workspace_sid: str
    unique_name: str
    friendly_name: str


def calendar_payload(calendar: Calendar) -> CalendarPayload:
    return {**_named(calendar), "version": calendar.version, **write(read(calendar.definition))}


def calendar_state(calendar: Calendar, moment: datetime) -> CalendarState:
    """What the calendar says of an aware moment."""
    return {
        **_named(calendar),
        "time_zone": calendar.definition["time_zone"],
        "at": clock.iso(moment) or "",
        **facts(read(calendar.definition), moment),
    }


def _named(calendar: Calendar) -> _Named:
    return {
        "sid": calendar.sid,
        "workspace_sid": calendar.workspace.sid,
        "unique_name": calendar.unique_name,
        "friendly_name": calendar.friendly_name,
    }
