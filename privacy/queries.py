"""Reads: what an erasure would remove, what a rule would, which requests there are for whom."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from accounts import policy
from conversations import queries as conversations
from conversations.models import Arrival, Contact, Conversation, Identity, Media, Message, ScheduledMessage
from conversations.queries.contacts import all_of
from eventlog.dbclock import database_now
from interactions.models import Interaction
from kernel import sids
from kernel.actor import Actor
from kernel.errors import NotFound
from privacy.core.states import OPEN
from privacy.models import DataRequest, Retention


def holdings(contact: Contact) -> dict[str, int]:
    """What an erasure removes: identities, conversations, messages and files, in figures."""
    talks = talks_of(contact)
    messages = Message.objects.filter(conversation__in=talks)
    return {
        "identities": Identity.objects.filter(contact__in=all_of(contact)).count(),
        "conversations": talks.count(),
        "messages": messages.count(),
        "files": Media.objects.filter(message__in=messages).count(),
    }


def talks_of(contact: Contact) -> QuerySet[Conversation]:
    """All conversations of the person, oldest first."""
    return Conversation.objects.filter(identity__contact__in=all_of(contact)).order_by("pk")


def has_open_work(contact: Contact) -> bool:
    """Whether an agent works for the person, or is sought."""
    return Interaction.objects.filter(conversation__in=talks_of(contact), ended_at__isnull=True).exists()


def data_request(sid: str, *, actor: Actor) -> DataRequest:
    """A request of the actor's account; raises NotFound, also for whoever may not export."""
    rows = DataRequest.objects.select_related("contact", "workspace__account")
    found = rows.filter(sid=sid).first() if sids.is_sid(sid, "DR") else None
    if found is None or not policy.may(actor, "privacy:export", account_sid=found.workspace.account.sid):
        raise NotFound("There is no data request %(sid)s.", params={"sid": sid[:64]})
    return found


def next_requests(now: datetime, *, limit: int) -> list[str]:
    """Those that somebody should begin, oldest first."""
    rows = DataRequest.objects.filter(status__in=OPEN, due_at__lte=now).order_by("due_at")
    return list(rows.values_list("sid", flat=True)[:limit])


def expired_exports(now: datetime, *, limit: int) -> list[DataRequest]:
    """Those whose file is to go."""
    rows = DataRequest.objects.filter(status=DataRequest.Status.DONE, due_at__lte=now).select_related(
        "contact", "workspace"
    )
    return list(rows.order_by("due_at")[:limit])


def outlived(rule: Retention, *, now: datetime, limit: int) -> list[Conversation]:
    """Conversations whose words the rule erases, oldest first."""
    return list(_outlived(rule, now=now).order_by("closed_at")[:limit])


def outlived_count(rule: Retention) -> int:
    """How many conversations the rule would erase at this moment."""
    return _outlived(rule, now=database_now()).count()


def outlived_arrivals(rule: Retention, *, now: datetime) -> QuerySet[Arrival]:
    """Webhooks that were set aside and that the rule erases, oldest first.

    Those for addresses that nobody has are nobody's: the rule that keeps longest erases them.
    """
    longer = Retention.objects.filter(active=True, days__gt=rule.days).exclude(pk=rule.pk)
    before = now - timedelta(days=rule.days)
    return conversations.set_aside(before, workspace=rule.workspace, strays=not longer.exists()).order_by("received_at")


def outlived_arrivals_count(rule: Retention) -> int:
    """How many of them the rule would erase at this moment."""
    return outlived_arrivals(rule, now=database_now()).count()


def _outlived(rule: Retention, *, now: datetime) -> QuerySet[Conversation]:
    busy = Interaction.objects.filter(conversation=OuterRef("pk"), ended_at__isnull=True)
    later = ScheduledMessage.objects.filter(conversation=OuterRef("pk"), status=ScheduledMessage.Status.SCHEDULED)
    return Conversation.objects.filter(
        ~Exists(busy),
        ~Exists(later),
        workspace=rule.workspace_id,
        state=Conversation.State.CLOSED,
        erased_at__isnull=True,
        closed_at__lt=now - timedelta(days=rule.days),
    )
