"""Calendars for tests, made through the same door as everywhere."""

from typing import Any

from agents.models import Workspace
from hours import actions
from hours.models import Calendar
from kernel.actor import SYSTEM

OFFICE: dict[str, Any] = {
    "time_zone": "Europe/Madrid",
    "weekly": {day: ["09:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "country": "ES",
}


def make_calendar(workspace: Workspace, name: str = "support", **changes: Any) -> Calendar:
    """Open on working days from 9 to 18 in Madrid, unless ``changes`` say otherwise."""
    return actions.create_calendar(
        workspace, unique_name=name, friendly_name=name.title(), definition={**OFFICE, **changes}, actor=SYSTEM
    )


def always(*, is_open: bool) -> dict[str, Any]:
    """Changes that keep a calendar open, or closed, at every moment."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return {"country": "", "weekly": {day: ["00:00-24:00"] for day in days} if is_open else {}}
