"""The verbs of campaigns. Nothing else changes them."""

from campaigns.actions.drafting import (
    Plan,
    add_recipients,
    check_list,
    create_campaign,
    delete_campaign,
    take_list,
    update_campaign,
)
from campaigns.actions.running import cancel, pause, resume, start
from campaigns.actions.sending import forget_customers, mark_replied, send_some

__all__ = [
    "Plan",
    "add_recipients",
    "cancel",
    "check_list",
    "create_campaign",
    "delete_campaign",
    "forget_customers",
    "mark_replied",
    "pause",
    "resume",
    "send_some",
    "start",
    "take_list",
    "update_campaign",
]
