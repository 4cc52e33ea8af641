"""The machines of a conversation and of an outbound message, and the order of the provider's states.

Statuses are Twilio's (`api_v2010`, Message.status) with one of our own: ``unknown``, for a send whose outcome nobody
can tell. Status callbacks arrive in any order and some not at all, so a provider's status is applied only upwards.
"""

from kernel.machine import Machine, on

CONVERSATION = Machine("conversation", initial="active", moves={"close": on("active", to="closed")})

DELIVERY = Machine(
    "message",
    initial="queued",
    moves={
        "claim": on("queued", to="sending"),
        "accept": on("sending", "unknown", to="sent"),
        "retry": on("sending", to="queued"),
        "fail": on("queued", "sending", "unknown", to="failed"),
        "lose": on("sending", to="unknown"),
        "resend": on("failed", "undelivered", "unknown", to="queued"),
        "cancel": on("queued", to="canceled"),
    },
)

SCHEDULED = Machine(
    "scheduled message",
    initial="scheduled",
    moves={
        "change": on("scheduled", to="scheduled"),
        "send": on("scheduled", to="sent"),
        "fail": on("scheduled", to="failed"),
        "cancel": on("scheduled", "failed", to="canceled"),
    },
)

CIRCUIT = Machine(
    "circuit",
    initial="closed",
    moves={
        "open": on("closed", "half_open", to="open"),
        "try": on("open", to="half_open"),
        "close": on("open", "half_open", to="closed"),
    },
)

# What a status callback may say, by rank; equal ranks exclude one another: the first one stays.
RANK = {
    "queued": 0,
    "sending": 1,
    "unknown": 1,
    "sent": 2,
    "delivered": 3,
    "undelivered": 3,
    "failed": 3,
    "canceled": 3,
    "read": 4,
}

# The provider's words for stages that we do not tell apart.
_SYNONYMS = {"accepted": "sending", "scheduled": "sending", "queued": "sending", "partially_delivered": "delivered"}

OPEN = ("queued", "sending")


def from_provider(status: str) -> str | None:
    """Our status for the provider's, or ``None`` for one that we do not know.

    >>> from_provider("queued"), from_provider("read"), from_provider("no such")
    ('sending', 'read', None)
    """
    ours = _SYNONYMS.get(status, status)
    return ours if ours in RANK else None


def lower(status: str) -> tuple[str, ...]:
    """The statuses that ``status`` may replace.

    >>> lower("delivered")
    ('queued', 'sending', 'unknown', 'sent')
    """
    return tuple(name for name, rank in RANK.items() if rank < RANK[status])
