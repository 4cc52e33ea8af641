"""The pure part: what a task knows of its conversation."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from conversations.core import phones

# TaskRouter's channels by ours: web chat is Twilio's "chat"; RCS is texting too, and shares the slots of SMS.
TASK_CHANNELS = {"sms": "sms", "rcs": "sms", "whatsapp": "whatsapp", "messenger": "messenger", "webchat": "chat"}
_LAST_WORDS = 280
_SUMMARY = 400
_SCALAR = 100
_SCALARS = 10


def task_attributes(
    *,
    conversation_sid: str,
    channel: str,
    customer: str,
    ours: str,
    name: str,
    last_words: str,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The task's attributes: what workflows route by and the offer card shows. Ours win over ``extra``."""
    return {
        **extra,
        "conversation_sid": conversation_sid,
        "channel": channel,
        "from": customer,
        "customer_shown": phones.shown(customer),
        "to": ours,
        "name": name,
        "last_message": last_words[:_LAST_WORDS],
    }


def routable(request: "HandOffRequest") -> dict[str, Any]:
    """What workflows may look at: short scalars of the bot's context, the summary's beginning, the skills.

    A task takes 64 KB, but each of its events carries its attributes: the whole of it stands in the conversation.
    """
    scalars = {
        name: value
        for name, value in request.context.items()
        if isinstance(value, (str, int, float, bool)) and len(str(value)) <= _SCALAR and len(name) <= _SCALAR
    }
    kept = dict(sorted(scalars.items())[:_SCALARS])
    return {**kept, "summary": request.summary[:_SUMMARY], "skills": list(request.skills), "handed_off": True}


def answered(*, last_inbound_index: int, read_index: int) -> bool:
    """Whether an agent has seen the customer's last words; what nobody has seen may not be closed away.

    >>> answered(last_inbound_index=3, read_index=4), answered(last_inbound_index=5, read_index=4)
    (True, False)
    """
    return last_inbound_index <= read_index


@dataclass(frozen=True, slots=True)
class HandOffRequest:
    """What a bot asks for. Either ``conversation_sid`` or the pair ``customer`` and ``ours`` names the conversation.

    ``queue`` is a sid or a name; ``skills`` must all be an agent's; with neither, the address's workflow decides.
    ``transcript`` lines have ``author``, ``body`` and perhaps ``at``.
    """

    conversation_sid: str = ""
    customer: str = ""
    ours: str = ""
    name: str = ""
    queue: str = ""
    skills: tuple[str, ...] = ()
    priority: int = 0
    summary: str = ""
    transcript: tuple[Mapping[str, Any], ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """The same for the same request, whatever the order of its keys."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()
