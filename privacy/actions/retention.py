"""How long a workspace keeps what was said: a rule, switched on by somebody who has seen what it erases."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from accounts import policy
from agents.models import Workspace
from conversations.actions import inbox
from eventlog.record import record
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Invalid
from privacy import queries
from privacy.actions.erasing import erase_talk
from privacy.models import Retention

MIN_DAYS: Final = 1
MAX_DAYS: Final = 3650
AT_ONCE: Final = 10
"""Conversations of one workspace in one sweep: other timers wait for it."""
ARRIVALS_AT_ONCE: Final = 200


def save_retention(workspace: Workspace, *, days: int, actor: Actor) -> Retention:
    """The workspace's rule. Fewer days than before switch it off: what they erase is to be looked at first."""
    policy.require(actor, "privacy:erase", account_sid=workspace.account.sid)
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise Invalid(
            "A whole number from %(least)d to %(most)d is expected here.",
            field="days",
            params={"least": MIN_DAYS, "most": MAX_DAYS},
        )
    with transaction.atomic():
        row, _ = Retention.objects.select_for_update(of=("self",)).get_or_create(
            workspace=workspace, defaults={"days": days}
        )
        row.active = row.active and days >= row.days
        row.days = days
        row.save(update_fields=["active", "days"])
        _note("retention.saved", row, actor=actor)
    return row


def switch_retention(rule: Retention, *, on: bool, actor: Actor, seen: int | None = None) -> Retention:
    """The rule erases from now on, or no more.

    ``seen`` is the number of conversations that the person was shown; raises Conflict when it would be others by now.
    """
    policy.require(actor, "privacy:erase", account_sid=rule.workspace.account.sid)
    if on and queries.outlived_count(rule) != seen:
        raise Conflict("It would erase another number of conversations by now. Look again.")
    with transaction.atomic():
        if not Retention.objects.filter(pk=rule.pk, active=not on, days=rule.days).update(active=on):
            raise Conflict("Somebody else has changed the rule. Look again.")
        rule.active = on
        _note("retention.switched-on" if on else "retention.switched-off", rule, actor=actor)
    return rule


def erase_outlived(rule: Retention, *, now: datetime) -> int:
    """A few of the conversations that the rule erases, and of the webhooks that were set aside; how many together. What
    something stands in the way of waits.
    """
    arrivals = inbox.drop(list(queries.outlived_arrivals(rule, now=now)[:ARRIVALS_AT_ONCE]), actor=SYSTEM)
    count = 0
    for conversation in queries.outlived(rule, now=now, limit=AT_ONCE):
        try:
            erase_talk(conversation)
        except Conflict:
            continue
        count += 1
    if count:
        Retention.objects.filter(pk=rule.pk).update(erased=F("erased") + count, ran_at=now)
    return count + arrivals


def _note(event: str, rule: Retention, *, actor: Actor) -> None:
    workspace = rule.workspace
    record(
        event,
        subject_sid=workspace.sid,
        data={"workspace_sid": workspace.sid, "days": rule.days, "active": rule.active},
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )
