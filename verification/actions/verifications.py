"""A code is sent, sent again, checked; and ends. Neither code nor number ever stands in an event or a log."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts import policy
from conversations.core import phones
from eventlog.dbclock import database_now
from eventlog.moves import move
from eventlog.record import record
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Invalid, NotFound, StaleMove, TooMany
from verification import queries
from verification.core import codes, limits
from verification.core.states import VERIFICATION
from verification.models import CODES, SEALED, Sending, Service, Verification

KEPT: Final = timedelta(hours=24)
_FORGOTTEN_AT_ONCE: Final = 500
_GONE: Final = {"code_digest": "", "code_sealed": ""}


def start(service: Service, *, to: str, channel: str, locale: str, actor: Actor) -> Verification:
    """A code is on its way to the number; within its life the same one again.

    Raises Invalid with the field, TooMany (``max-sends``, ``max-checks``, ``too-many``), Conflict where the service has
    no sender for the channel.
    """
    policy.require(actor, "verify:write", account_sid=service.workspace.account.sid)
    number = _number(to)
    if channel not in Verification.Channel.values:
        raise Invalid(
            "Choose one of: %(choices)s.",
            code="bad-parameter",
            field="channel",
            params={"choices": ", ".join(Verification.Channel.values)},
        )
    if queries.sender(service, channel) is None:
        raise Conflict("The service has no sender for this channel.", code="bad-parameter", field="channel")
    with transaction.atomic():
        # One after the other, so that what is counted here is what there is.
        locked = Service.objects.select_for_update(of=("self",)).select_related("workspace__account").get(pk=service.pk)
        now = database_now()
        _hold_rates(locked, number, now=now, actor=actor)
        row = _again(locked, number, channel=channel, now=now) or _begin(
            locked, number, channel=channel, locale=locale, now=now
        )
        _send(row, now=now, actor=actor)
        _note("verification.started", row, actor=actor)
        return row


def check(service: Service, *, code: str, to: str = "", sid: str = "", actor: Actor) -> Verification:
    """Whether the code is the one that was sent; the right one approves.

    Raises NotFound where nothing is pending, TooMany (``max-checks``) once too many were wrong.
    """
    policy.require(actor, "verify:write", account_sid=service.workspace.account.sid)
    number = "" if sid else _number(to)
    with transaction.atomic():
        row = queries.locked_live(service, to=number, sid=sid, now=database_now())
        if row is None:
            raise NotFound("There is no pending verification.", field="verification_sid" if sid else "to")
        if row.status == Verification.Status.EXHAUSTED:
            raise TooMany(
                "Too many wrong codes. Wait until the verification has expired.", code="max-checks", wait=_left(row)
            )
        if not codes.looks_like_one(code):
            raise Invalid("A code has 4 to 10 figures.", code="bad-parameter", field="code")
        row.checks += 1
        row.updated_at = database_now()
        row.save(update_fields=["checks", "updated_at"])
        if CODES.matches(_bound(row, code), row.code_digest):
            _end(row, "approve", actor=actor)
        elif row.checks >= limits.MAX_CHECKS:
            _end(row, "exhaust", actor=actor)
        return row


def cancel(verification: Verification, *, actor: Actor) -> Verification:
    """The code counts no more. Raises Conflict when the verification is over."""
    policy.require(actor, "verify:write", account_sid=verification.service.workspace.account.sid)
    with transaction.atomic():
        _end(verification, "cancel", actor=actor)
        return verification


def expire(verification: Verification) -> None:
    """Its life is over."""
    with transaction.atomic():
        try:
            _end(verification, "expire", actor=SYSTEM)
        except StaleMove:
            return


def prune(now: datetime) -> bool:
    """What ended a day ago is forgotten, number and all. True when there may be more."""
    old = Verification.objects.filter(created_at__lt=now - KEPT).exclude(status=Verification.Status.PENDING)
    numbers = list(old.order_by("pk").values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])
    Verification.objects.filter(pk__in=numbers).delete()
    return len(numbers) == _FORGOTTEN_AT_ONCE


def forget_numbers(addresses: Collection[str]) -> None:
    """Nothing is left of what was sent to these numbers."""
    plain = {address.removeprefix("whatsapp:") for address in addresses}
    Verification.objects.filter(to__in=plain).delete()


def _again(service: Service, number: str, *, channel: str, now: datetime) -> Verification | None:
    """The verification that is under way, for one more sending; None where none is."""
    row = queries.locked_live(service, to=number, sid="", now=now)
    if row is None:
        return None
    if row.status == Verification.Status.EXHAUSTED:
        raise TooMany(
            "Too many wrong codes. Wait until the verification has expired.", code="max-checks", wait=_left(row)
        )
    if row.sends >= limits.MAX_SENDS:
        raise TooMany(
            "The code was sent too often. Wait until the verification has expired.", code="max-sends", wait=_left(row)
        )
    row.channel, row.sends, row.updated_at = channel, row.sends + 1, now
    row.save(update_fields=["channel", "sends", "updated_at"])
    return row


def _begin(service: Service, number: str, *, channel: str, locale: str, now: datetime) -> Verification:
    overdue = Verification.objects.filter(service=service, to=number, status=Verification.Status.PENDING)
    for row in overdue.select_related("service__workspace"):
        _end(row, "expire", actor=SYSTEM)
    code = codes.fresh(service.code_length)
    row = Verification(
        service=service,
        to=number,
        channel=channel,
        locale=_language(locale, number),
        created_at=now,
        updated_at=now,
        expires_at=now + limits.LIFE,
    )
    row.code_digest, row.code_sealed = CODES.digest(_bound(row, code)), SEALED.seal(code)
    row.save(force_insert=True)
    return row


def _send(row: Verification, *, now: datetime, actor: Actor) -> None:
    Sending.objects.create(
        verification=row,
        channel=row.channel,
        to=row.to,
        prefix=codes.prefix(row.to),
        key_sid=actor.sid,
        account_sid=row.service.workspace.account.sid,
        due_at=now,
        created_at=now,
    )


def _hold_rates(service: Service, number: str, *, now: datetime, actor: Actor) -> None:
    found = {"to": number, "key_sid": actor.sid, "prefix": codes.prefix(number)}
    sent = Sending.objects.filter(account_sid=service.workspace.account.sid).order_by("-created_at", "-pk")
    waits = []
    for rate in limits.RATES:
        counted = sent.filter(created_at__gt=now - rate.within, **{rate.column: found[rate.column]})
        # Once the last of so many has left the span there is a place again.
        last = counted.values_list("created_at", flat=True)[rate.count - 1 : rate.count]
        waits += [(at + rate.within - now).total_seconds() for at in last]
    if waits:
        raise TooMany("Too many codes were asked for. Try again later.", code="too-many", wait=max(waits))


def _end(row: Verification, verb: str, *, actor: Actor) -> None:
    move(row, VERIFICATION, verb, updated_at=database_now(), **_GONE)
    Sending.objects.filter(verification=row, status="queued").update(status="failed", due_at=None, error_code="ended")
    _note(f"verification.{_PAST[verb]}", row, actor=actor)


_PAST: Final = {"approve": "approved", "cancel": "canceled", "expire": "expired", "exhaust": "exhausted"}


def _bound(row: Verification, code: str) -> str:
    """So that one verification's digest proves nothing of another's."""
    return f"{row.sid}:{code}"


def _number(text: str) -> str:
    number = phones.normal(text) if text.startswith("+") else ""
    if not number:
        raise Invalid("Write the number with its country, such as +15550100001.", code="bad-parameter", field="to")
    return number


def _language(locale: str, number: str) -> str:
    """English or Spanish: as asked, else as the number's country speaks."""
    asked = locale.partition("-")[0].lower()
    if asked:
        return "es" if asked == "es" else "en"
    return "es" if phones.region(number) in phones.SPANISH else "en"


def _left(row: Verification) -> float:
    """The seconds of its life that are left; then a new one may begin."""
    return (row.expires_at - database_now()).total_seconds()


def _note(event: str, row: Verification, *, actor: Actor) -> None:
    service = row.service
    record(
        event,
        subject_sid=row.sid,
        data={"sid": row.sid, "service_sid": service.sid, "channel": row.channel, "status": row.status},
        audiences=[],
        actor=actor,
        workspace_sid=service.workspace.sid,
    )
