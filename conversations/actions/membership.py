"""Who takes part, who owns the conversation, how far each has read, and its end."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from agents.models import Worker
from conversations import queries
from conversations.actions.telling import tell_conversation
from conversations.core import states
from conversations.models import Conversation, Participant
from eventlog.moves import move
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Forbidden, NotFound


def join(conversation: Conversation, *, worker: Worker, actor: Actor) -> Conversation:
    """The agent takes part and owns the conversation. Joining twice changes nothing."""
    _system_only(actor)
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        _, joined = Participant.objects.get_or_create(conversation=locked, worker=worker, left_at=None)
        if joined:
            _change(locked, owner=Conversation.Owner.AGENT, owner_fence=locked.owner_fence + 1)
            tell_conversation("participant.added", locked, actor=actor, worker_sid=worker.sid)
        return locked


def leave(conversation: Conversation, *, worker: Worker, actor: Actor) -> Conversation:
    """The agent takes part no longer; without any agent the queue owns the conversation."""
    _system_only(actor)
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        rows = Participant.objects.filter(conversation=locked, worker=worker, left_at__isnull=True)
        gone = list(rows.select_related("worker"))
        if gone:
            rows.update(left_at=clock.now())
            here = queries.present(locked)
            if not here and locked.owner == Conversation.Owner.AGENT:
                _change(locked, owner=Conversation.Owner.QUEUE, owner_fence=locked.owner_fence + 1)
            else:
                _change(locked)
            tell_conversation(
                "participant.removed",
                locked,
                actor=actor,
                participants=here,
                listeners=gone,
                worker_sid=worker.sid,
            )
        return locked


def set_owner(conversation: Conversation, *, owner: str, actor: Actor) -> Conversation:
    """Bot or queue answers from now on; the fence rises, so that whoever owned it before can tell."""
    _system_only(actor)
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        if locked.owner != owner:
            _change(locked, owner=owner, owner_fence=locked.owner_fence + 1)
            tell_conversation("conversation.updated", locked, actor=actor)
        return locked


def describe(conversation: Conversation, *, attributes: Mapping[str, Any], actor: Actor) -> Conversation:
    """Lay ``attributes`` over those that stand (a hand-off's summary, what a bot collected)."""
    _system_only(actor)
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        _change(locked, attributes={**locked.attributes, **attributes})
        tell_conversation("conversation.updated", locked, actor=actor)
        return locked


def mark_read(conversation: Conversation, *, index: int, actor: Actor) -> None:
    """The agent has read up to ``index``; the pointer only rises."""
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        mine = Participant.objects.filter(conversation=locked, worker__sid=actor.worker_sid, left_at__isnull=True)
        if not actor.worker_sid or not mine.exists():
            raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": locked.sid})
        if mine.filter(read_index__lt=min(index, locked.last_index)).update(read_index=min(index, locked.last_index)):
            _change(locked)
            tell_conversation("conversation.updated", locked, actor=actor)


def close(conversation: Conversation, *, actor: Actor) -> Conversation:
    """The conversation is over and everybody has left it; the customer's next words begin a new one.

    Closing a closed one changes nothing.
    """
    _system_only(actor)
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        if locked.state == Conversation.State.CLOSED:
            return locked
        here = queries.present(locked)
        move(locked, states.CONVERSATION, "close", status_field="state", closed_at=clock.now())
        Participant.objects.filter(conversation=locked, left_at__isnull=True).update(left_at=clock.now())
        tell_conversation("conversation.closed", locked, actor=actor, participants=here)
        return locked


def _change(conversation: Conversation, **fields: Any) -> None:
    """Write these columns of the locked row and raise its version."""
    Conversation.objects.filter(pk=conversation.pk).update(version=F("version") + 1, **fields)
    for name, value in fields.items():
        setattr(conversation, name, value)
    conversation.version += 1


def _system_only(actor: Actor) -> None:
    """Membership follows from tasks and hand-offs, whose own doors ask for permission."""
    if actor.kind != "system":
        raise Forbidden("Membership follows the task; accept or complete the task instead.")
