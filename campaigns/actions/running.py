"""A campaign under way: begun, held, taken up again, ended."""

from typing import Any

from django.db import transaction

from campaigns.actions.rights import require
from campaigns.actions.telling import tell
from campaigns.core import states
from campaigns.models import Campaign
from conversations.queries import services as service_queries
from eventlog.dbclock import database_now
from eventlog.moves import move
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict


def start(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Its rows go out from its time on, at once where it has none. Raises ``Conflict`` without rows, ``StaleMove``."""
    require(campaign.workspace, actor=actor)
    if not campaign.recipients.exists():
        raise Conflict("The campaign has no rows yet. Upload a list and take its rows.", field="recipients")
    _require_sender(campaign)
    due_at = max(campaign.start_at or clock.now(), clock.now())
    return _move(campaign, "start", actor=actor, started_at=clock.now(), due_at=due_at, sheet="")


def pause(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Nothing more is taken from the list until it is resumed; what is queued already goes out."""
    require(campaign.workspace, actor=actor)
    return _move(campaign, "pause", actor=actor, due_at=None)


def resume(campaign: Campaign, *, actor: Actor) -> Campaign:
    """It goes on where it stopped. Raises ``Conflict`` while the pool has no sender of its channel."""
    require(campaign.workspace, actor=actor)
    _require_sender(campaign)
    later = max(campaign.start_at or clock.now(), clock.now())
    return _move(campaign, "resume", actor=actor, due_at=later)


def cancel(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Nothing more is taken from the list, ever; what is queued already goes out."""
    require(campaign.workspace, actor=actor)
    return _move(campaign, "cancel", actor=actor, due_at=None, ended_at=clock.now())


def finish(campaign: Campaign, *, actor: Actor) -> None:
    """Every row has been taken. Part of the sender's transaction, under its fence."""
    ended = {"due_at": None, "lease_until": None, "ended_at": database_now()}
    move(campaign, states.CAMPAIGN, "finish", status_field="state", **ended)
    tell("campaign.finished", campaign, actor=actor)


_EVENTS = {
    "start": "campaign.started",
    "pause": "campaign.paused",
    "resume": "campaign.resumed",
    "cancel": "campaign.canceled",
}


def _require_sender(campaign: Campaign) -> None:
    if campaign.service is not None and campaign.channel not in service_queries.channels(campaign.service):
        raise Conflict(
            "The pool of %(service)s has no sender of this channel. Put one in first.",
            code="no-sender",
            field="service",
            params={"service": campaign.service.friendly_name},
        )


def _move(campaign: Campaign, verb: str, *, actor: Actor, **fields: Any) -> Campaign:
    with transaction.atomic():
        move(campaign, states.CAMPAIGN, verb, status_field="state", lease_until=None, **fields)
        tell(_EVENTS[verb], campaign, actor=actor)
    return campaign
