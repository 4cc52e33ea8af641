"""The figures of the admin's index, for the workspaces that the person may see."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin_base import workspaces
from agents.models import Activity
from carriers.twilio.errors import remedy
from conversations.models import Conversation
from conversations.queries import circuit, outbox_depth, reconciliation
from eventlog.queries import health
from kernel import clock
from routing.models import Task, TaskQueue


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue with tasks in it."""

    pk: int
    name: str
    waiting: int
    in_hand: int
    oldest: str


@dataclass(frozen=True, slots=True)
class Look:
    """The last look through the carrier's list for messages whose webhook never arrived."""

    since: str
    brought: int
    brought_in_all: int
    failure: str


@dataclass(frozen=True, slots=True)
class Interruption:
    """Messages wait since the provider's account is out of order."""

    since: str
    remedy: str
    code: str


@dataclass(frozen=True, slots=True)
class Figures:
    """How the floor stands at this moment."""

    waiting: int = 0
    oldest: str = "-"
    in_hand: int = 0
    conversations: int = 0
    activities: list[dict[str, Any]] = field(default_factory=list)
    queues: list[QueueLine] = field(default_factory=list)
    outbox: int = 0
    pump_alive: bool = False
    lag_seconds: float = 0.0
    failing_sinks: list[str] = field(default_factory=list)
    look: Look | None = None
    interruption: Interruption | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Another page of the product."""

    title: str | Promise
    href: str
    icon: str


def figures(request: HttpRequest) -> Figures:
    """Read anew at each call."""
    here = workspaces(request)
    tasks = Task.objects.filter(workspace__in=here)
    waiting = tasks.filter(assignment_status="pending").aggregate(n=Count("pk"), oldest=Min("created_at"))
    log = health()
    return Figures(
        waiting=waiting["n"],
        oldest=_since(waiting["oldest"]),
        in_hand=tasks.filter(assignment_status__in=("assigned", "wrapping")).count(),
        conversations=Conversation.objects.filter(workspace__in=here, state=Conversation.State.ACTIVE).count(),
        activities=_activities(here),
        queues=_queues(here),
        outbox=outbox_depth(),
        pump_alive=log["pump_alive"],
        lag_seconds=log["lag_seconds"],
        failing_sinks=[name for name, sink in log["sinks"].items() if sink["failures"]],
        look=_look(),
        interruption=_interruption(),
    )


def links() -> list[Link]:
    """The other screens."""
    phones = [Link(_("Simulated phones"), "/phones/", "smartphone")] if settings.TWIN_ENABLED else []
    return [
        Link(_("Agent's desk"), "/desk/", "support_agent"),
        *phones,
        Link(_("Web chat demo"), "/chat/demo", "chat"),
        Link(_("API documentation"), "/api/docs/", "api"),
    ]


def _look() -> Look | None:
    row = reconciliation(settings.TWILIO_ACCOUNT_SID)
    return Look(_since(row.ran_at), row.brought, row.brought_in_all, row.failure) if row else None


def _activities(here: Any) -> list[dict[str, Any]]:
    rows = Activity.objects.filter(workspace__in=here).values("friendly_name", "available")
    counted = rows.annotate(count=Count("workers")).order_by("-available", "friendly_name")
    return [dict(row) for row in counted]


def _interruption() -> Interruption | None:
    row = circuit()
    if row is None or row.since is None:
        return None
    return Interruption(_since(row.since), gettext(remedy(row.code)), row.code)


def _queues(here: Any) -> list[QueueLine]:
    pending = Q(tasks__assignment_status="pending")
    rows = TaskQueue.objects.filter(workspace__in=here).annotate(
        waiting=Count("tasks", filter=pending),
        in_hand=Count("tasks", filter=Q(tasks__assignment_status__in=("reserved", "assigned", "wrapping"))),
        oldest=Min("tasks__task_queue_entered_at", filter=pending),
    )
    busy = rows.order_by("-waiting", "-in_hand", "friendly_name")[:12]
    return [QueueLine(row.pk, row.friendly_name, row.waiting, row.in_hand, _since(row.oldest)) for row in busy]


def _since(moment: datetime | None) -> str:
    """How long ago, as minutes and seconds."""
    if moment is None:
        return "-"
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
