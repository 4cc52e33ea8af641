"""The wire shape of campaigns and their rows."""

from collections.abc import Mapping
from typing import TypedDict

from campaigns.core import states
from campaigns.models import Campaign, Recipient
from kernel import clock


class CampaignPayload(TypedDict):
    """A campaign without its rows. ``sender``: our address, or the messaging service's sid."""

    sid: str
    version: int
    name: str
    state: str
    sender: str
    channel: str
    body: str
    content_sid: str
    calendar: str | None
    rate: int
    date_created: str | None
    start_at: str | None
    date_started: str | None
    date_ended: str | None


class ProgressPayload(TypedDict):
    """How many rows came to what; ``replied`` counts beside the others."""

    total: int
    results: Mapping[str, int]
    replied: int


class RecipientPayload(TypedDict):
    """A row: ``reason`` says why it was skipped, ``error_code`` is the provider's number."""

    line: int
    to: str
    variables: Mapping[str, str]
    result: str
    reason: str
    error_code: str
    message_sid: str | None
    conversation_sid: str | None
    date_taken: str | None
    date_replied: str | None


def campaign_payload(campaign: Campaign) -> CampaignPayload:
    return {
        "sid": campaign.sid,
        "version": campaign.version,
        "name": campaign.name,
        "state": campaign.state,
        "sender": campaign.address.address if campaign.address else campaign.service.sid if campaign.service else "",
        "channel": campaign.channel,
        "body": campaign.body,
        "content_sid": campaign.content_sid,
        "calendar": campaign.calendar.unique_name if campaign.calendar else None,
        "rate": campaign.rate,
        "date_created": clock.iso(campaign.created_at),
        "start_at": clock.iso(campaign.start_at),
        "date_started": clock.iso(campaign.started_at),
        "date_ended": clock.iso(campaign.ended_at),
    }


def recipient_payload(row: Recipient, *, campaign: Campaign) -> RecipientPayload:
    """``row`` needs ``message__conversation`` loaded."""
    message = row.message
    return {
        "line": row.line,
        "to": row.address,
        "variables": row.variables,
        "result": states.result(row.state, message.status if message else None, campaign_state=campaign.state),
        "reason": row.reason,
        "error_code": message.error_code if message else "",
        "message_sid": message.sid if message else None,
        "conversation_sid": message.conversation.sid if message else None,
        "date_taken": clock.iso(row.taken_at),
        "date_replied": clock.iso(row.replied_at),
    }
