"""What the verbs of this package check, and how they write."""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import F, ProtectedError
from django.utils.translation import gettext_lazy as _

from agents.models import MAX_CAPACITY, Activity, Worker, WorkerChannel, Workspace
from kernel import clock, storable
from kernel.addresses import allowed_by
from kernel.errors import Conflict, Invalid, NotFound
from kernel.targets import URL_LENGTH, target_of

MAX_NAME: Final = 64
MAX_ATTRIBUTES: Final = 4096


class Keep(Enum):
    """Says that a field stays as it is, where ``None`` means to empty it."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


def named(text: str, *, limit: int = MAX_NAME) -> str:
    """The trimmed name. Raises Invalid."""
    name = text.strip()
    if not 0 < len(name) <= limit:
        raise Invalid("Give a name of 1 to %(limit)d characters.", field="friendly_name", params={"limit": limit})
    return name


def taken(name: str, *, field: str = "friendly_name") -> Conflict:
    """The refusal of a name that somebody else has."""
    return Conflict("The name %(name)s is taken.", field=field, params={"name": name})


def json_object(attributes: Mapping[str, Any], *, limit: int, field: str = "attributes") -> dict[str, Any]:
    """The attributes, if they are a JSON object of at most ``limit`` characters. Raises Invalid with ``field``."""
    if not isinstance(attributes, dict):
        raise Invalid("Attributes are a JSON object.", field=field)
    try:
        length = len(json.dumps(attributes, ensure_ascii=False, separators=(",", ":")))
    except (TypeError, ValueError) as error:
        raise Invalid("Attributes are a JSON object.", field=field) from error
    check_storable(attributes, field=field)
    if length > limit:
        raise Invalid("Attributes take at most %(limit)d characters.", field=field, params={"limit": limit})
    return attributes


def check_storable(document: Any, *, field: str) -> None:
    """Raises Invalid with ``field`` for what no database takes."""
    try:
        storable.check(document)
    except Invalid as error:
        error.field = field
        raise


def checked_capacity(capacity: int) -> int:
    """Raises Invalid outside of 0…50."""
    if isinstance(capacity, bool) or not isinstance(capacity, int) or not 0 <= capacity <= MAX_CAPACITY:
        raise Invalid("Capacity is 0 to %(limit)d.", field="capacity", params={"limit": MAX_CAPACITY})
    return capacity


def checked_url(url: str, *, field: str) -> str:
    """An address where callbacks may go, or nothing; to where its name leads is asked when one is sent.

    Raises Invalid.
    """
    text = url.strip()
    if len(text) > URL_LENGTH:
        raise Invalid("An address takes at most %(limit)d characters.", field=field, params={"limit": URL_LENGTH})
    try:
        if text:
            target_of(text, allowed=allowed_by(tuple(settings.EGRESS_ALLOW)))
    except Invalid as error:
        error.field = field
        raise
    return text


def checked_event_types(text: str) -> str:
    """Event types separated by commas, without spaces. Raises Invalid."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if re.fullmatch(r"[a-z-]+(\.[a-z-]+)+", name) is None:
            raise Invalid("%(name)s is not an event type.", field="events_filter", params={"name": name[:64]})
    return ",".join(names)


def own_activity(activity: Activity, *, workspace: Workspace, field: str = "activity") -> Activity:
    """Raises Invalid for an activity of another workspace."""
    if activity.workspace_id != workspace.pk:
        raise Invalid("This activity does not belong to the workspace.", field=field)
    return activity


def locked_workspace(workspace: Workspace) -> Workspace:
    """One change of a workspace's make-up at a time. The weaker lock lets rows that refer to it be made meanwhile."""
    rows = Workspace.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    row = rows.filter(pk=workspace.pk).first()
    if row is None:
        raise NotFound("There is no %(sid)s.", params={"sid": workspace.sid})
    return row


def locked_channels(worker: Worker) -> list[WorkerChannel]:
    """The worker's capacity, which every verb that needs both locks before the worker himself."""
    rows = WorkerChannel.objects.select_for_update(of=("self",)).filter(worker_id=worker.pk)
    return list(rows.order_by("pk"))


def write(row: models.Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write those of ``fields`` that differ from the table and raise the version; returns what they were before.

    Nothing is written, and ``{}`` returned, when none differs. Raises NotFound when the row is gone.
    """
    rows = type(row)._default_manager.filter(pk=row.pk)
    attnames = {column.name: column.attname for column in type(row)._meta.concrete_fields}
    columns = {name: attnames[name] for name in fields}
    stored = rows.select_for_update().values(*columns.values()).first() if columns else {}
    if stored is None:
        raise NotFound("There is no %(sid)s.", params={"sid": getattr(row, "sid", "")})
    wanted = {name: getattr(value, "pk", value) for name, value in fields.items()}
    before = {name: stored[column] for name, column in columns.items() if not _same(stored[column], wanted[name])}
    if before:
        changed = {name: fields[name] for name in before}
        rows.update(**changed, updated_at=clock.now(), version=F("version") + 1)
    row.refresh_from_db(fields=["version", "updated_at", *fields])
    return {name: _told(row, name, value) for name, value in before.items()}


def _same(one: Any, other: Any) -> bool:
    """JSON knows 1, 1.0 and true apart; Python's equality does not."""
    if isinstance(one, (dict, list)):
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return bool(one == other)


def _told(row: models.Model, name: str, value: Any) -> Any:
    """What an event says of a column: of a reference the sid."""
    related = row._meta.get_field(name).related_model
    if value is None or not isinstance(related, type):
        return value
    return related._default_manager.values_list("sid", flat=True).filter(pk=value).first()


def referred_to(error: ProtectedError) -> Conflict:
    """The refusal to delete what others refer to, naming one of them."""
    row = min(error.protected_objects, key=str)
    thing = getattr(row, "_meta", None)
    kind = thing.verbose_name if thing is not None else _("something")
    return Conflict("This is in use: %(kind)s %(name)s refers to it.", params={"kind": kind, "name": str(row)})
