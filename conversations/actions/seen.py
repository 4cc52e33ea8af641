"""How far a web-chat visitor has got: there the visitor's own screen is what a carrier's receipt is elsewhere."""

from django.db import transaction
from django.db.models import F

from conversations import queries
from conversations.actions.telling import tell_message
from conversations.core import states
from conversations.models import Conversation, Message
from kernel.actor import Actor
from kernel.errors import Forbidden, Invalid

_RECEIPTS = ("delivered", "read")


def mark_seen_by_visitor(conversation: Conversation, *, index: int, status: str, actor: Actor) -> None:
    """What we said up to ``index`` has come to the visitor's screen (``delivered``) or before eyes (``read``).

    Statuses only rise. Raises ``Forbidden`` for other channels, whose carriers tell, and ``Invalid`` for other words.
    """
    if actor.kind not in ("visitor", "system") or conversation.channel != "webchat":
        raise Forbidden("Only a web chat's visitor tells what has been seen.")
    if status not in _RECEIPTS:
        raise Invalid("status is delivered or read.", field="status")
    rising = Message.objects.filter(
        conversation=conversation,
        direction=Message.Direction.OUTBOUND,
        index__lte=index,
        status__in=states.lower(status),
    ).order_by("index")
    if not rising.exists():
        return
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        for message in rising.all():
            if rising.filter(pk=message.pk).update(status=status, version=F("version") + 1):
                message.refresh_from_db()
                tell_message("message.updated", message, conversation=locked, actor=actor)
