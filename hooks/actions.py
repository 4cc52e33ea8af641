"""The verbs of webhooks: endpoints are made and changed, events queued for them, claimed, delivered or put back."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from accounts import policy
from accounts.models import Account
from eventlog.dbclock import database_now
from eventlog.record import record
from hooks import egress, queries, signing, vault
from hooks.core import retries, states
from hooks.core.kinds import TERMS
from hooks.models import Dispatch, Endpoint, Kind
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Invalid, StaleMove

KEPT_DELIVERED: Final = timedelta(days=7)
KEPT_FAILED: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt: what to send, where, and the fence under which its outcome counts.

    The second of ``urls``, if there is one, is asked when the first does not answer as it should. ``secret`` is sealed:
    the endpoint's own, or for callbacks the account's auth token.
    """

    dispatch_sid: str
    fence: int
    kind: str
    urls: tuple[str, ...]
    secret: str
    event_sid: str
    type: str
    payload: Mapping[str, Any]
    created_at: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One event as it is to be sent. Of letters about the same subject none overtakes another."""

    event_sid: str
    type: str
    subject_sid: str
    payload: Mapping[str, Any]


def create_endpoint(*, account: Account, friendly_name: str, url: str, actor: Actor) -> tuple[Endpoint, str]:
    """A new endpoint and its signing secret. The secret is shown this once; nobody can read it again.

    Raises ``Invalid`` with the field for a URL that webhooks may not go to.
    """
    policy.require(actor, "config:write", account_sid=account.sid)
    secret = signing.new_secret()
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            account=account, friendly_name=_name(friendly_name), url=_url(url), secret=vault.seal(secret)
        )
        _tell("webhook-endpoint.created", endpoint, actor=actor)
    return endpoint, secret


def update_endpoint(
    endpoint: Endpoint,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    url: str | None = None,
    active: bool | None = None,
) -> Endpoint:
    """New name, new URL, or a rest: what is queued for an inactive endpoint waits. The next attempt follows."""
    policy.require(actor, "config:write", account_sid=endpoint.account.sid)
    fields: dict[str, Any] = {}
    if friendly_name is not None:
        fields["friendly_name"] = _name(friendly_name)
    if url is not None:
        fields["url"] = _url(url)
    if active is not None:
        fields["active"] = active
    with transaction.atomic():
        _write(endpoint, fields)
        _tell("webhook-endpoint.updated", endpoint, actor=actor)
    return endpoint


def renew_secret(endpoint: Endpoint, *, actor: Actor) -> str:
    """A new signing secret, shown this once; the old one signs nothing from now on."""
    policy.require(actor, "config:write", account_sid=endpoint.account.sid)
    secret = signing.new_secret()
    with transaction.atomic():
        _write(endpoint, {"secret": vault.seal(secret)})
        _tell("webhook-endpoint.updated", endpoint, actor=actor)
    return secret


def enqueue(
    endpoint: Endpoint,
    *,
    type: str,  # noqa: A002
    subject_sid: str,
    payload: Mapping[str, Any],
    event_sid: str,
    actor: Actor,
) -> Dispatch:
    """The event waits for the endpoint, in the caller's transaction. The same event again changes nothing.

    ``payload`` becomes the body's ``data``; ``event_sid`` its ``id``, the same at every attempt.
    """
    known = Dispatch.objects.filter(endpoint=endpoint, event_sid=event_sid).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            dispatch = Dispatch.objects.create(
                endpoint=endpoint,
                event_sid=event_sid,
                type=type,
                subject_sid=subject_sid,
                payload=dict(payload),
                due_at=database_now(),
            )
            _tell_dispatch("webhook.queued", dispatch, actor=actor)
            return dispatch
    except IntegrityError:  # Queued by a rival between our look and our insert.
        return Dispatch.objects.get(endpoint=endpoint, event_sid=event_sid)


def keep_callback(
    account: Account, *, kind: str, owner_sid: str, friendly_name: str, url: str, fallback_url: str = ""
) -> Endpoint:
    """Where a workspace's or a workflow's callbacks go is this from now on; the next attempt follows.

    The product's own doing: the addresses are those that the owner's action has taken.
    """
    wanted = {"friendly_name": friendly_name, "url": url, "fallback_url": fallback_url, "active": True}
    endpoint, made = Endpoint.objects.select_related("account").get_or_create(
        kind=kind, owner_sid=owner_sid, defaults={**wanted, "account": account}
    )
    if not made:
        _write(endpoint, {name: value for name, value in wanted.items() if getattr(endpoint, name) != value})
    return endpoint


def end_callbacks(kind: str, *, standing: Sequence[str]) -> None:
    """Of this kind only these owners have an address: what waits for others is not sent any more."""
    ended = Endpoint.objects.filter(kind=kind, active=True).exclude(owner_sid__in=standing)
    for endpoint in ended:
        with transaction.atomic():
            _write(endpoint, {"active": False})
            endpoint.dispatches.filter(status__in=states.DISPATCH.sources("fail")).update(
                status=states.DISPATCH.target("fail"), due_at=None, last_error="the address was taken away"
            )


def enqueue_all(endpoint: Endpoint, letters: Sequence[Letter]) -> list[tuple[str, str]]:
    """They wait for the endpoint; one that waits already changes nothing. Returns the lines to be rung for.

    Unlike `enqueue` it tells the log nothing, so that a busy log does not double: the caller rings after the commit.
    """
    now = database_now()
    rows = [
        Dispatch(
            endpoint=endpoint,
            event_sid=letter.event_sid,
            type=letter.type,
            subject_sid=letter.subject_sid,
            payload=dict(letter.payload),
            due_at=now,
        )
        for letter in letters
    ]
    Dispatch.objects.bulk_create(rows, ignore_conflicts=True)
    return list(dict.fromkeys((endpoint.sid, letter.subject_sid) for letter in letters))


def claim_next(endpoint_sid: str, subject_sid: str) -> Claim | None:
    """Take the head of the line for one attempt, committed before any byte goes out.

    ``None`` when nothing waits, when the head's time has not come or another attempt has it, or when a rival was
    quicker. One at a time is in flight, so the order holds.
    """
    head = queries.head_of_line(endpoint_sid, subject_sid)
    now = database_now()
    if head is None or head.due_at is None or head.due_at > now:
        return None
    fence, endpoint = head.fence + 1, head.endpoint
    mine = _pending(head.sid, fence=head.fence).filter(due_at__lte=now)
    if mine.update(fence=fence, attempts=F("attempts") + 1, due_at=now + TERMS[endpoint.kind].lease) != 1:
        return None
    return Claim(
        dispatch_sid=head.sid,
        fence=fence,
        kind=endpoint.kind,
        urls=tuple(url for url in (endpoint.url, endpoint.fallback_url) if url),
        secret=endpoint.secret if endpoint.kind == Kind.WEBHOOK else endpoint.account.auth_token,
        event_sid=head.event_sid,
        type=head.type,
        payload=head.payload,
        created_at=clock.iso(head.created_at),
    )


def mark_delivered(dispatch_sid: str, *, fence: int, status: int, answer: str = "") -> None:
    """The endpoint took attempt ``fence``; a later attempt's outcome is not overwritten.

    An ``answer`` is kept, and ``webhook.answered`` recorded.
    """
    with transaction.atomic():
        written = _pending(dispatch_sid, fence=fence).update(
            status=states.DISPATCH.target("deliver"),
            due_at=None,
            delivered_at=database_now(),
            last_status=status,
            last_error="",
            answer=answer,
        )
        if written and answer:
            dispatch = Dispatch.objects.select_related("endpoint").get(sid=dispatch_sid)
            _tell_dispatch("webhook.answered", dispatch, actor=SYSTEM)


def note_fault(dispatch_sid: str, error: str) -> None:
    """What was wrong with the answer, for those who look at the deliveries."""
    Dispatch.objects.filter(sid=dispatch_sid).update(last_error=error[:200])


def replay(dispatch: Dispatch, *, actor: Actor) -> Dispatch:
    """What was delivered or given up is sent again, with the same id and body, and the schedule begins anew.

    Raises StaleMove while it still waits, Invalid when the endpoint rests.
    """
    policy.require(actor, "config:write", account_sid=dispatch.endpoint.account.sid)
    if not dispatch.endpoint.active:
        raise Invalid("Nothing is sent to an inactive endpoint.")
    now = database_now()
    again = Dispatch.objects.filter(pk=dispatch.pk, status__in=states.DISPATCH.sources("replay"))
    with transaction.atomic():
        if not again.update(status=states.DISPATCH.target("replay"), due_at=now, replayed_at=now, attempts=0):
            raise StaleMove("This still waits to be sent.")
        dispatch.refresh_from_db(fields=["status", "due_at", "replayed_at", "attempts"])
        _tell_dispatch("webhook.queued", dispatch, actor=actor)
    return dispatch


def forget(now: datetime) -> int:
    """Delete what is long over; how many were."""
    old = queries.outlived(now, delivered=KEPT_DELIVERED, failed=KEPT_FAILED, limit=FORGOTTEN_AT_ONCE)
    if old:
        Dispatch.objects.filter(pk__in=old, status__in=states.DISPATCH.sources("replay")).delete()
    return len(old)


def put_back(dispatch_sid: str, *, fence: int, status: int | None, error: str) -> None:
    """Attempt ``fence`` failed: tried again by the schedule, and given up when that is over.

    Giving up records ``webhook.failed``; the next in line then has its turn.
    """
    with transaction.atomic():
        dispatch = _pending(dispatch_sid, fence=fence).select_related("endpoint").first()
        if dispatch is None:
            return
        now = database_now()
        due = retries.next_attempt(
            dispatch.attempts,
            created_at=dispatch.replayed_at or dispatch.created_at,
            now=now,
            chance=random.random(),
            plan=TERMS[dispatch.endpoint.kind].plan,
        )
        verb = "fail" if due is None else "retry"
        written = _pending(dispatch_sid, fence=fence).update(
            status=states.DISPATCH.target(verb), due_at=due, last_status=status, last_error=error[:200]
        )
        if written and due is None:
            _tell_dispatch("webhook.failed", dispatch, actor=SYSTEM)


def _pending(dispatch_sid: str, *, fence: int) -> QuerySet[Dispatch]:
    """The dispatch while attempt ``fence`` is its last one and it still waits: the guard of every outcome."""
    return Dispatch.objects.filter(sid=dispatch_sid, fence=fence, status__in=states.DISPATCH.sources("deliver"))


def _write(endpoint: Endpoint, fields: Mapping[str, Any]) -> None:
    if fields:
        Endpoint.objects.filter(pk=endpoint.pk).update(**fields)
        endpoint.refresh_from_db(fields=list(fields))


def _tell(type: str, endpoint: Endpoint, *, actor: Actor) -> None:  # noqa: A002
    data = {
        "sid": endpoint.sid,
        "friendly_name": endpoint.friendly_name,
        "url": endpoint.url,
        "active": endpoint.active,
    }
    record(type, subject_sid=endpoint.sid, data=data, audiences=(), actor=actor, workspace_sid="")


def _tell_dispatch(type: str, dispatch: Dispatch, *, actor: Actor) -> None:  # noqa: A002
    data = {
        "sid": dispatch.sid,
        "endpoint_sid": dispatch.endpoint.sid,
        "kind": dispatch.endpoint.kind,
        "about_sid": dispatch.subject_sid,
        "event_sid": dispatch.event_sid,
        "type": dispatch.type,
    }
    record(type, subject_sid=dispatch.sid, data=data, audiences=(), actor=actor, workspace_sid="")


def _name(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= 64:
        raise Invalid("Give a name of 1 to %(limit)d characters.", field="friendly_name", params={"limit": 64})
    return name


def _url(text: str) -> str:
    url = text.strip()
    egress.check_url(url)
    return url


def erase_letters(*, event_sids: Sequence[str], subject_sids: Sequence[str]) -> None:
    """What endpoints were sent about these, and what they answered, is forgotten; that they were sent is not.

    One that waits is sent without what it told.
    """
    about = Q(event_sid__in=event_sids) | Q(subject_sid__in=subject_sids)
    Dispatch.objects.filter(about).update(payload={"erased": True}, answer="")
