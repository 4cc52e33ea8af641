"""Who may do what in a conversation."""

from conversations import queries
from conversations.models import Conversation, Participant
from kernel.actor import Actor
from kernel.errors import NotFound


def participant(conversation: Conversation, *, actor: Actor) -> Participant:
    """The agent's own part in the conversation; raises ``NotFound`` for everybody else, telling no more."""
    if actor.kind == "user" and actor.worker_sid:
        for row in queries.present(conversation):
            if row.worker.sid == actor.worker_sid:
                return row
    raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": conversation.sid})
