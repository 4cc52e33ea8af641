"""Who may do what in a conversation."""

from accounts import policy
from conversations import queries
from conversations.models import Conversation, Participant
from kernel.actor import Actor
from kernel.errors import Conflict, NotFound


def participant(conversation: Conversation, *, actor: Actor) -> Participant:
    """The agent's own part in the conversation; raises ``NotFound`` for everybody else, telling no more."""
    if actor.kind == "user" and actor.worker_sid:
        for row in queries.present(conversation):
            if row.worker.sid == actor.worker_sid:
                return row
    raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": conversation.sid})


def may_speak(conversation: Conversation, *, actor: Actor) -> None:
    """The product itself, an agent who takes part, or a bot of the account that owns the conversation."""
    takes_part = actor.worker_sid and any(row.worker.sid == actor.worker_sid for row in queries.present(conversation))
    if actor.kind == "system" or (actor.kind == "user" and takes_part):
        return
    if policy.may(actor, "conversations:write", account_sid=conversation.workspace.account.sid):
        _must_own(conversation)
        return
    raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": conversation.sid})


def _must_own(conversation: Conversation) -> None:
    if conversation.owner != Conversation.Owner.BOT:
        raise Conflict(
            "The conversation is with %(owner)s now; a bot speaks only while it owns the conversation.",
            code="not-owner",
            field="conversation",
            params={"owner": conversation.owner},
        )
