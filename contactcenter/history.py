"""The history of the configuration: who changed what, when, and how it was before. Read from the event log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, pgettext

from accounts.queries import people
from agents.models import Activity
from eventlog.configuration import TYPES
from eventlog.models import Event
from routing.models import TaskQueue, Workflow
from routing.preview import differences

PAGE_SIZE: Final = 50

_SILENT: Final = frozenset(
    {
        *("sid", "workspace_sid", "address_sid", "version", "date_status_changed", "milliseconds", "previous"),
        *("activity_sid", "activity_name", "channels", "channel", "load", "assigned", "multi_task_enabled"),
        *("available_capacity_percentage", "default_activity_name", "timeout_activity_name", "draft", "number"),
        *("number_before", "document"),
    }
)
"""What is not configured, or is told in another way."""
_UNNOTED: Final = frozenset(
    {"address.updated", "messaging-service.updated", "deployment.updated", "intake.saved", "intake.updated"}
)
"""Events that do not tell what was before."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of what was changed, by its path in the payload; "" where there was or is nothing."""

    path: Path
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``verb`` is the event's type without its kind; ``name`` and ``sid`` are of what was changed.

    ``version`` is that of a workflow whose document changed, else None; ``touched`` its filters, by name;
    ``workflow_pk`` where it still is.
    """

    event: Event
    kind: str
    verb: str
    name: str
    by: str
    fields: tuple[Field, ...]
    version: int | None = None
    workflow_pk: int | None = None
    touched: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        return self.event.created_at

    @property
    def sid(self) -> str:
        return self.event.subject_sid


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes: of a kind, of one thing (sid), by one person (sid), of these days, with a word in the name."""

    kind: str = ""
    about: str = ""
    by: str = ""
    since: date | None = None
    until: date | None = None
    word: str = ""
    before: int | None = None


def changes(workspaces: Any, asked: Asked) -> tuple[list[Change], int | None]:
    """One page, newest first, and the ``before`` of the next one."""
    rows = list(_rows(workspaces, asked)[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    names = _Names(shown)
    return [names.change(event) for event in shown], shown[-1].pk if len(rows) > PAGE_SIZE else None


def _rows(workspaces: Any, asked: Asked) -> QuerySet[Event]:
    types = [name for name in TYPES if not asked.kind or name.split(".")[0] == asked.kind]
    rows = Event.objects.filter(workspace_sid__in=list(workspaces.values_list("sid", flat=True)), type__in=types)
    wanted = Q()
    if asked.about:
        wanted &= Q(subject_sid=asked.about)
    if asked.by:
        wanted &= Q(actor_sid=asked.by)
    if asked.since:
        wanted &= Q(created_at__date__gte=asked.since)
    if asked.until:
        wanted &= Q(created_at__date__lte=asked.until)
    if asked.word:
        wanted &= Q(data__friendly_name__icontains=asked.word)
    if asked.before:
        wanted &= Q(pk__lt=asked.before)
    return rows.filter(wanted).order_by("-pk")


class _Names:
    """How people and things are called that a page of events speaks of."""

    def __init__(self, events: list[Event]) -> None:
        here = {event.workspace_sid for event in events}
        self.people = people([event.actor_sid for event in events])
        self.workflows = dict(Workflow.objects.filter(workspace__sid__in=here).values_list("sid", "pk"))
        self.things: dict[str, str] = {}
        for model in (Activity, TaskQueue, Workflow):
            self.things |= dict(
                model._default_manager.filter(workspace__sid__in=here).values_list("sid", "friendly_name")
            )

    def change(self, event: Event) -> Change:
        """The event, told as a change."""
        kind, _, verb = event.type.partition(".")
        before, after = _sides(event)
        old, new = before.pop("configuration", None), after.pop("configuration", None)
        named = event.data.get("friendly_name") or event.data.get("address") or event.subject_sid
        return Change(
            event=event,
            kind=kind,
            verb=verb,
            name=str(named),
            by=self.people.get(event.actor_sid) or event.actor_sid,
            fields=tuple(self._fields(before, after)),
            version=event.data.get("version") if old != new and new else None,
            workflow_pk=self.workflows.get(event.subject_sid),
            touched=_touched(old, new) if old and new else (),
        )

    def _fields(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Field]:
        old, new = dict(_flat(before)), dict(_flat(after))
        for path in dict.fromkeys([*old, *new]):
            one, other = self._said(old.get(path, "")), self._said(new.get(path, ""))
            if one != other:
                yield Field(path, one, other)

    def _said(self, text: str) -> str:
        return self.things.get(text, text)


def _sides(event: Event) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the changed fields were and are; of what was made or deleted one side is empty."""
    data, previous = dict(event.data), event.data.get("previous")
    if event.type.endswith(".created"):
        return {}, _kept(event, data)
    if event.type.endswith(".deleted"):
        return _kept(event, data), {}
    if previous is None and event.type in _UNNOTED:
        return _kept(event, _former(event)), _kept(event, data)
    told = data["channel"] if _of_channel(event) else data
    before = {name: value for name, value in (previous or {}).items() if name not in _SILENT}
    after = {name: told.get(name, told.get(f"{name}_sid")) for name in before}
    if _of_channel(event):
        name = data["channel"]["task_channel"]
        return {name: before}, {name: after}
    return before, after


def _of_channel(event: Event) -> bool:
    return event.type in ("worker.capacity.update", "worker.channel.availability.update") and "channel" in event.data


def _former(event: Event) -> dict[str, Any]:
    """The payload that the thing had in the event before; for what does not note it itself."""
    kind = event.type.split(".")[0]
    rows = Event.objects.filter(subject_sid=event.subject_sid, type__startswith=f"{kind}.", pk__lt=event.pk)
    former = rows.order_by("-pk").first()
    return dict(former.data) if former else {}


def _kept(event: Event, data: Mapping[str, Any]) -> dict[str, Any]:
    """A worker is made and deleted in an activity, which is none of the configuration."""
    silent = _SILENT | ({"available"} if event.type.startswith("worker.") else frozenset())
    return {name: value for name, value in data.items() if name not in silent}


def _flat(value: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The leaves of a payload as texts, by their paths."""
    for name, each in value.items():
        if isinstance(each, dict):
            yield from _flat(each, (*path, str(name)))
        elif isinstance(each, list) and each and all(isinstance(row, dict) and "name" in row for row in each):
            yield from _flat({row["name"]: _exception(row) for row in each}, (*path, str(name)))
        else:
            yield (*path, str(name).removesuffix("_sid")), _text(each)


def _text(value: Any) -> str:
    match value:
        case None | "" | []:
            return ""
        case bool():
            return gettext("yes") if value else gettext("no")
        case list():
            return ", ".join(_text(each) for each in value)
        case str() if value.startswith(("http://", "https://")):
            return _without_secrets(value)
    return str(value)


def _exception(row: Mapping[str, Any]) -> str:
    """A calendar's exception in a line.

    >>> _exception({"first": "2026-12-24", "last": "2026-12-24", "yearly": False, "hours": ["09:00-12:00"]})
    '2026-12-24 09:00-12:00'
    """
    first, last = row.get("first", ""), row.get("last", "")
    days = first if first == last else f"{first} – {last}"
    yearly = gettext("every year") if row.get("yearly") else ""
    hours = ", ".join(row.get("hours", ())) or pgettext("hours", "closed")
    return " ".join(filter(None, (days, yearly, hours)))


def _without_secrets(url: str) -> str:
    """People put passwords and tokens into addresses; neither is shown.

    >>> _without_secrets("https://bo:secret@example.com/hook?token=1")
    'https://…@example.com/hook?…'
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{'…@' if at and user else ''}{host}{parts.path}{'?…' if parts.query else ''}"


def _touched(before: str, after: str) -> tuple[str, ...]:
    found = differences.between(before, after)
    return tuple(rule.name for rule in found.filters if rule.kind != "same" or rule.moved)
