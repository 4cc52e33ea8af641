"""What the things that events are about are called, for a page of events: a query for each kind of thing on it."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from eventlog.models import Event


def subjects(events: Iterable[Event]) -> dict[int, str]:
    """The names by event: as the thing is called now, or as the event called what is gone or has no name of its own;
    empty where neither tells."""
    rows = list(events)
    wanted: dict[str, set[str]] = {}
    for event in rows:
        wanted.setdefault(event.subject_sid[:2], set()).add(event.subject_sid)
    names: dict[str, str] = {}
    for kind, sids in wanted.items():
        model = _kinds().get(kind)
        if model is not None:
            named = model._default_manager.filter(sid__in=sids)
            names |= dict(named.values_list("sid", "friendly_name"))
    return {event.pk: names.get(event.subject_sid) or _told(event.data) for event in rows}


def _told(data: Mapping[str, Any]) -> str:
    attributes = data.get("attributes")
    about = attributes if isinstance(attributes, dict) else {}
    found = (data.get("friendly_name"), data.get("worker_name"), about.get("name"), about.get("from"))
    return next((name for name in found if name and isinstance(name, str)), "")


@cache
def _kinds() -> dict[str, type[models.Model]]:
    """The models whose rows people have named, by how their sids begin."""
    found: dict[str, type[models.Model]] = {}
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        if fields.keys() >= {"sid", "friendly_name"}:
            found[fields["sid"].get_default()[:2]] = model
    return found
