"""The circuit breaker of the provider's account, and the times at which the account wants to be left alone."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from agents.models import Workspace
from conversations import queries
from conversations.core import breaker, states
from conversations.models import Circuit
from conversations.payloads import carrier_payload
from eventlog.dbclock import database_now
from eventlog.moves import move
from eventlog.record import record
from kernel.actor import SYSTEM

# Longer than one attempt can take: a trial whose worker died is made again after that.
TRIAL: Final = timedelta(seconds=30)


def admit(circuit: Circuit | None, *, now: datetime) -> bool:
    """Whether one more message may go; while the circuit is half open, one at a time has this right."""
    if circuit is None or circuit.state == "closed":
        return True
    trial = Circuit.objects.filter(pk=circuit.pk, state="half_open", due_at=circuit.due_at, due_at__lte=now)
    return trial.update(due_at=now + TRIAL) == 1


def report_breakage(code: str) -> None:
    """A send failed since the account, the provider or the way there is out of order."""
    with transaction.atomic():
        row = _locked()
        after = breaker.broke(queries.facts(row), now=database_now())
        if after.state == row.state:
            Circuit.objects.filter(pk=row.pk).update(failures=after.failures)
            return
        begins = row.state == "closed"
        since = database_now() if begins else row.since
        _move(row, "open", after, code=code[:32], since=since)
        if begins:
            _tell("carrier.interrupted", row)


def report_health() -> None:
    """The provider answered a send: whatever it said, the way there works."""
    troubled = Circuit.objects.filter(~Q(state="closed") | Q(failures__gt=0), account_sid=settings.TWILIO_ACCOUNT_SID)
    if not troubled.exists():
        return
    with transaction.atomic():
        row = _locked()
        if row.state == "closed":
            Circuit.objects.filter(pk=row.pk).update(failures=0)
        else:
            _close(row)


def hold_account(*, seconds: float) -> None:
    """The provider takes nothing from this account for so long."""
    until = database_now() + timedelta(seconds=seconds)
    Circuit.objects.get_or_create(account_sid=settings.TWILIO_ACCOUNT_SID)
    earlier = Q(held_until__isnull=True) | Q(held_until__lt=until)
    Circuit.objects.filter(earlier, account_sid=settings.TWILIO_ACCOUNT_SID).update(held_until=until)


def claim_question(*, now: datetime) -> bool:
    """Whether the caller is to ask the provider whether it answers again."""
    due = Circuit.objects.filter(account_sid=settings.TWILIO_ACCOUNT_SID, state="open", due_at__lte=now)
    return due.update(due_at=now + TRIAL) == 1


def note_answer(*, answered: bool) -> None:
    """What came of the question: one message may be tried, or the provider is left alone for longer."""
    with transaction.atomic():
        row = _locked()
        if row.state != "open":
            return
        now = database_now()
        if not answered:
            after = breaker.unanswered(queries.facts(row), now=now)
            Circuit.objects.filter(pk=row.pk).update(openings=after.openings, due_at=after.due_at)
        elif queries.outbox_depth():
            _move(row, "try", breaker.answered(queries.facts(row), now=now))
        else:
            _close(row)


def _close(row: Circuit) -> None:
    _move(row, "close", breaker.Circuit(), code="", since=None)
    _tell("carrier.restored", row)


def _move(row: Circuit, verb: str, after: breaker.Circuit, **fields: Any) -> None:
    move(
        row,
        states.CIRCUIT,
        verb,
        status_field="state",
        failures=after.failures,
        openings=after.openings,
        due_at=after.due_at,
        **fields,
    )


def _locked() -> Circuit:
    Circuit.objects.get_or_create(account_sid=settings.TWILIO_ACCOUNT_SID)
    return Circuit.objects.select_for_update().get(account_sid=settings.TWILIO_ACCOUNT_SID)


def _tell(type: str, row: Circuit) -> None:  # noqa: A002
    """Every desk hears of it: whoever writes to a customer wants to know."""
    for workspace in Workspace.objects.order_by("id"):
        record(
            type,
            subject_sid=row.sid,
            data=carrier_payload(row),
            audiences=[f"desk:{workspace.sid}", f"floor:{workspace.sid}"],
            actor=SYSTEM,
            workspace_sid=workspace.sid,
        )
