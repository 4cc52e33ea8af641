"""The machine of a campaign, and what may have become of a row."""

from kernel.machine import Machine, on

CAMPAIGN = Machine(
    "campaign",
    initial="draft",
    moves={
        "start": on("draft", to="running"),
        "pause": on("running", to="paused"),
        "resume": on("paused", to="running"),
        "finish": on("running", to="finished"),
        "cancel": on("draft", "running", "paused", to="canceled"),
    },
)

STATES = ("draft", "running", "paused", "finished", "canceled")

# What a row comes to: its own state until there is a message, and the message's from then on.
RESULTS = ("waiting", "skipped", "queued", "sent", "delivered", "failed", "unknown", "canceled")
_BY_MESSAGE = {
    "queued": "queued",
    "sending": "queued",
    "unknown": "unknown",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "canceled",
}


def result(row_state: str, message_status: str | None, *, campaign_state: str) -> str:
    """What has become of a row.

    >>> result("pending", None, campaign_state="running"), result("taken", "read", campaign_state="finished")
    ('waiting', 'delivered')
    >>> result("pending", None, campaign_state="canceled"), result("skipped", None, campaign_state="running")
    ('canceled', 'skipped')
    """
    if row_state == "skipped":
        return "skipped"
    if message_status is not None:
        return _BY_MESSAGE[message_status]
    return "canceled" if campaign_state == "canceled" else "waiting"
