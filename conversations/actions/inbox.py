"""The inbox: what the carrier brings is committed as it came, and brought in where it belongs afterwards.

An arrival's row goes in the transaction that brings it in, so it is brought in once, whoever does it and however often
it is tried. Its lock is the claim: it is held for as long as that transaction lives, and nobody can hold it longer.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet

from accounts import policy
from carriers.base import InboundMessage
from carriers.twilio import inbound as wire
from conversations import queries
from conversations.actions import receipts, speech
from conversations.actions.receipts import Receipt
from conversations.core import doors
from conversations.models import Arrival, Message
from eventlog import dialect
from eventlog.bulk import insert_new
from eventlog.dbclock import database_now
from kernel.actor import CARRIER, Actor
from kernel.errors import DomainError, Forbidden, NotFound, StaleMove

logger = structlog.get_logger(__name__)

PROVIDER = "twilio"
BATCH = 100
# Who stored an arrival brings it in at once; by then it stayed behind.
GRACE = timedelta(seconds=2)
ATTEMPTS = 8
_LONGEST_PAUSE_SECONDS = 60
NOT_OURS = "not-ours"


def keep(arrivals: Sequence[Arrival], *, now: datetime) -> set[str]:
    """The arrivals are committed, and those whose key is known already stand once.

    Returns the keys of receipts for messages that we never sent: these are not kept.
    """
    stray = _stray(arrivals)
    for arrival in arrivals:
        arrival.received_at, arrival.due_at = now, now + GRACE
    insert_new([row for row in arrivals if row.key not in stray], unique="key")
    return stray


def bring_in(lines: Collection[str]) -> bool:
    """What waits in these lines is where it belongs, in order, or set aside; whether more waits in them.

    One arrival's trouble is not another's: it only holds up its own line, and only while it may yet go well.
    """
    rows: list[Arrival] = []
    done: set[int] = set()
    try:
        with transaction.atomic():
            rows = _ready(queries.locked_arrivals(lines, provider=PROVIDER, limit=BATCH))
            done = _together(rows)
    except Exception as error:  # Whatever it is, alone each finds out whose it is.
        logger.info("arrivals are brought in one by one", count=len(rows), reason=type(error).__name__)
        done = set()
    held_up: set[str] = set()
    for row in rows:
        if row.pk not in done and row.line not in held_up and not _alone(row):
            held_up.add(row.line)
    return len(rows) == BATCH


def retry(arrival: Arrival, *, actor: Actor) -> None:
    """What was set aside is tried again. Raises ``StaleMove`` when it is being tried already."""
    policy.require(actor, "config:write")
    if not _again(Arrival.objects.filter(pk=arrival.pk)):
        raise StaleMove("It is being tried again already.")


def take_up(address: str) -> None:
    """What came for this address before it was ours is tried again. Part of the transaction that makes it ours."""
    _again(Arrival.objects.filter(ours=address, reason=NOT_OURS))


def drop(arrivals: Collection[Arrival], *, actor: Actor) -> int:
    """What was set aside is gone, unless it is being tried again; how many are. Only the product itself does so."""
    if actor.kind != "system":
        raise Forbidden("Only the product itself erases; request an erasure instead.")
    gone, _ = Arrival.objects.filter(pk__in=[row.pk for row in arrivals], due_at__isnull=True).delete()
    return gone


def _again(rows: "QuerySet[Arrival]") -> int:
    return rows.filter(due_at__isnull=True).update(due_at=database_now(), attempts=0, reason="")


def _stray(arrivals: Iterable[Arrival]) -> set[str]:
    """Receipts for messages that we never sent."""
    told = [row for row in arrivals if row.kind == Arrival.Kind.RECEIPT]
    if not told:
        return set()
    sent = Message.objects.filter(sid__in={row.line for row in told}, direction="outbound")
    known = set(sent.values_list("sid", flat=True))
    return {row.key for row in told if row.line not in known}


def _ready(rows: Iterable[Arrival]) -> list[Arrival]:
    """Without the lines whose head waits for its next try."""
    waiting: set[str] = set()
    ready = []
    for row in rows:
        if row.attempts and row.due_at is not None and row.due_at > database_now():
            waiting.add(row.line)
        if row.line not in waiting:
            ready.append(row)
    return ready


def _together(rows: Sequence[Arrival]) -> set[int]:
    """Bring in what can be without asking of each; the ids of those rows, which are gone then."""
    told = [row for row in rows if row.kind == Arrival.Kind.RECEIPT]
    if told:
        receipts.apply_receipts([_receipt(row) for row in told], provider=PROVIDER)
    messages = [row for row in rows if row.kind == Arrival.Kind.MESSAGE]
    fresh = [row for row in messages if not row.is_known]  # type: ignore[attr-defined] # The query says so.
    stored = speech.receive_together([_message(row) for row in fresh], actor=CARRIER) if fresh else []
    done = {row.pk for row, message in zip(fresh, stored, strict=True) if message is not None}
    done |= {row.pk for row in messages if row.is_known}  # type: ignore[attr-defined]
    done |= {row.pk for row in told}
    if done:
        Arrival.objects.filter(pk__in=done).delete()
    return done


def _alone(row: Arrival) -> bool:
    """Bring one in, or set it aside; False when it may go well later."""
    try:
        with transaction.atomic():
            # Somebody else may have brought it in meanwhile.
            if Arrival.objects.select_for_update().filter(pk=row.pk, due_at__isnull=False).exists():
                _bring_in(row)
                Arrival.objects.filter(pk=row.pk).delete()
    except DomainError as error:
        not_ours = isinstance(error, NotFound) and error.field == "To"
        _set_aside(row, reason=NOT_OURS if not_ours else error.code, field=error.field)
    except (OperationalError, InterfaceError) as error:
        if row.attempts + 1 < ATTEMPTS:
            _put_back(row, error)
            return False
        _set_aside(row, reason=type(error).__name__)
    except Exception as error:
        logger.exception("arrival not understood", key=row.key)
        _set_aside(row, reason=type(error).__name__)
    return True


def _bring_in(row: Arrival) -> None:
    if row.kind == Arrival.Kind.MESSAGE:
        speech.receive(_message(row), actor=CARRIER)
        return
    receipts.apply_receipts([_receipt(row)], provider=PROVIDER)


def _receipt(row: Arrival) -> Receipt:
    door = doors.door(row.path)
    assert door is not None  # noqa: S101 - it came in there
    return Receipt(door.message_sid, door.fence, wire.parse_status(wire.fields(wire.form(bytes(row.body)))))


def _message(row: Arrival) -> InboundMessage:
    return replace(wire.parse_message(wire.fields(wire.form(bytes(row.body)))), received_at=row.received_at)


def _set_aside(row: Arrival, *, reason: str, field: str | None = None) -> None:
    logger.warning("arrival set aside", key=row.key, kind=row.kind, reason=reason, field=field)
    Arrival.objects.filter(pk=row.pk, due_at__isnull=False).update(
        due_at=None, reason=reason[:64], attempts=F("attempts") + 1
    )


def _put_back(row: Arrival, error: Exception) -> None:
    """The database did not let it through; if it is away altogether this fails as well, and the row stays due."""
    passing = isinstance(error, OperationalError) and dialect.is_passing(error)
    logger.warning("arrival waits", key=row.key, attempts=row.attempts + 1, passing=passing)
    pause = timedelta(seconds=min(2**row.attempts, _LONGEST_PAUSE_SECONDS))
    Arrival.objects.filter(pk=row.pk, due_at__isnull=False).update(
        due_at=database_now() + pause, attempts=F("attempts") + 1
    )
