"""Saying something later: written down now, changed or called off until it goes; then the policy is asked once more."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import policy as accounts
from conversations import queries
from conversations.actions import consent, outbound, rights, speech
from conversations.actions.outbound import Author, Saying
from conversations.core import states
from conversations.core.scheduling import FARTHEST, SOONEST, misfit
from conversations.models import Conversation, ScheduledMessage
from conversations.scheduled_payloads import scheduled_payload
from eventlog.dbclock import database_now
from eventlog.moves import move
from eventlog.record import record
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Forbidden, Invalid, NotFound


def schedule(
    conversation: Conversation,
    *,
    saying: Saying,
    due_at: datetime,
    ref: str,
    actor: Actor,
    author_name: str | None = None,
) -> ScheduledMessage:
    """These words go out at ``due_at``, if the channel lets them through then.

    ``ref`` is as in `post`. Raises ``Invalid`` with the field, ``NotFound``, ``Conflict`` when the channel would not
    take them at that time as things stand.
    """
    if not ref or len(ref) > 64:
        raise Invalid("Give the message a ref of 1 to 64 characters.", field="ref")
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        rights.may_speak(locked, actor=actor)
        known = ScheduledMessage.objects.filter(conversation=locked, ref=ref).first()
        if known is not None:
            return known
        if locked.state != Conversation.State.ACTIVE:
            raise Conflict("The conversation is closed.", code="conversation-closed", field="conversation")
        _check_time(locked, due_at=due_at, content_sid=saying.content_sid)
        row = ScheduledMessage.objects.create(
            conversation=locked,
            ref=ref,
            author_kind="agent" if actor.worker_sid else "bot",
            author_sid=actor.worker_sid or actor.sid,
            author_name=(actor.name if author_name is None else author_name)[:120],
            body=saying.text,
            content_sid=saying.content_sid,
            content=saying.content,
            due_at=due_at,
        )
        _tell("scheduled-message.created", row, conversation=locked, actor=actor, ref=ref)
        return row


def change_scheduled(
    row: ScheduledMessage, *, actor: Actor, due_at: datetime | None = None, body: str | None = None
) -> ScheduledMessage:
    """Other words (not a template's), or another time; what is ``None`` stays.

    Raises ``StaleMove`` once it has gone, ``Invalid``, and to a bot ``Conflict`` while the conversation is not its own:
    its words would be new ones.
    """
    with transaction.atomic():
        conversation = _allowed(row, actor=actor)
        if actor.kind == "key":
            rights.may_speak(conversation, actor=actor)
        if body is not None and row.content_sid:
            raise Invalid("A template's words stand fast. Cancel it, and schedule another.", field="body")
        changed: dict[str, Any] = {}
        if due_at is not None:
            _check_time(conversation, due_at=due_at, content_sid=row.content_sid)
            changed["due_at"] = due_at
        if body is not None:
            changed["body"] = speech.saying_of(body).text
        move(row, states.SCHEDULED, "change", **changed)
        _tell("scheduled-message.updated", row, conversation=conversation, actor=actor)
        return row


def cancel_scheduled(row: ScheduledMessage, *, actor: Actor) -> ScheduledMessage:
    """It is never sent. Raises ``StaleMove`` once it has gone or was called off."""
    with transaction.atomic():
        conversation = _allowed(row, actor=actor)
        move(row, states.SCHEDULED, "cancel")
        _tell("scheduled-message.canceled", row, conversation=conversation, actor=actor)
        return row


def send_scheduled(sid: str) -> None:
    """Its time has come: it is queued as if it were said now, or fails as the policy says. Called off, it is not."""
    with transaction.atomic():
        row = ScheduledMessage.objects.select_related("conversation__address__workspace").get(sid=sid)
        # The talk may have ended; the words go on in the one that is open, or begin one.
        conversation = speech.open_of(row.conversation, actor=SYSTEM)
        row = ScheduledMessage.objects.select_for_update().get(pk=row.pk)
        now = database_now()
        if row.status != ScheduledMessage.Status.SCHEDULED or row.due_at > now:
            return
        refused = consent.refusal(conversation, now=now, content_sid=row.content_sid)
        if refused is not None:
            move(row, states.SCHEDULED, "fail", error_code=refused.provider_code, error_message=refused.remedy[:200])
            _tell("scheduled-message.failed", row, conversation=conversation, actor=SYSTEM)
            return
        message = outbound.append(
            conversation,
            saying=Saying(row.body, row.content_sid, row.content),
            ref=f"scheduled:{row.sid}",
            author=Author(row.author_kind, row.author_sid, row.author_name),
            actor=SYSTEM,
        )
        move(row, states.SCHEDULED, "send", message=message)
        _tell("scheduled-message.sent", row, conversation=conversation, actor=SYSTEM)


def _allowed(row: ScheduledMessage, *, actor: Actor) -> Conversation:
    """The locked conversation, for those who take part in it, the author, and supervisors; of bots' words, for any key
    that may speak: keys are replaced. Raises ``Forbidden`` to a key for what a person is to say, ``NotFound``.
    """
    conversation = queries.locked_conversation(row.conversation_id)
    takes_part = any(here.worker.sid == actor.worker_sid for here in queries.present(conversation))
    is_author = bool(actor.worker_sid) and row.author_sid == actor.worker_sid
    account_sid = conversation.workspace.account.sid
    if takes_part or is_author or accounts.may(actor, "config:write", account_sid=account_sid):
        return conversation
    if accounts.may(actor, "conversations:write", account_sid=account_sid):
        if row.author_kind == "bot":
            return conversation
        raise Forbidden("A person has scheduled this message; a bot changes and cancels only bots' own.")
    raise NotFound("There is no scheduled message %(sid)s.", field="scheduled", params={"sid": row.sid})


def _check_time(conversation: Conversation, *, due_at: datetime, content_sid: str) -> None:
    now = database_now()
    wrong = misfit(due_at, now=now)
    if wrong == "soon":
        raise Invalid(
            "Choose a time at least %(minutes)d minutes from now.",
            field="due_at",
            code="too-soon",
            params={"minutes": SOONEST.seconds // 60},
        )
    if wrong:
        raise Invalid(
            "Choose a time within %(days)d days.", field="due_at", code="too-late", params={"days": FARTHEST.days}
        )
    refused = consent.refusal(conversation, now=due_at, content_sid=content_sid)
    if refused is not None and refused.code == "window-closed":
        raise Conflict(
            "By then 24 hours have passed since the customer's last message. Choose an earlier time, or a template.",
            code=refused.code,
            field="due_at",
        )
    if refused is not None:
        raise Conflict(refused.remedy, code=refused.code, field="conversation")


def _tell(
    type: str,  # noqa: A002
    row: ScheduledMessage,
    *,
    conversation: Conversation,
    actor: Actor,
    ref: str = "",
) -> None:
    row.refresh_from_db()
    here = [f"worker:{person.worker.sid}" for person in queries.present(conversation)]
    author = [f"worker:{row.author_sid}"] if row.author_kind == "agent" else []
    record(
        type,
        subject_sid=row.sid,
        data=scheduled_payload(row),
        audiences=[*here, *author],
        actor=actor,
        workspace_sid=conversation.workspace.sid,
        ref=ref,
    )
