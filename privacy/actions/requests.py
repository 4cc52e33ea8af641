"""A person's data is copied or erased on request: begun once, done under a lease, and told of in the journal.

The journal says that it happened and who asked, and nothing of what the data was.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop

from accounts import policy
from conversations.models import Contact
from conversations.queries import contacts as contact_queries
from eventlog.dbclock import database_now
from eventlog.record import record
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, NotFound
from privacy import queries
from privacy.core.states import OPEN, REQUEST
from privacy.models import DataRequest

LEASE: Final = timedelta(seconds=60)
KEPT: Final = timedelta(days=7)
"""For so long an export can be fetched."""

MAX_ATTEMPTS: Final = 5
_PAUSE: Final = timedelta(seconds=30)
_PERMISSIONS: Final = {"export": "privacy:export", "erasure": "privacy:erase"}

BUSY: Final = gettext_noop("An agent works for this person, or is sought. Complete or cancel the task first.")
FAILED: Final = gettext_noop("It has failed; the log of the worker says why.")
GIVEN_UP: Final = gettext_noop("It was begun several times and never came to an end.")


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt; it may write only as long as its fence is the highest."""

    request: DataRequest
    fence: int


# --- what people do ---


def request_export(contact: Contact, *, actor: Actor) -> DataRequest:
    """A copy of all that we hold of the person will be there to fetch. Raises Conflict while one is being made."""
    return _request(contact, kind=DataRequest.Kind.EXPORT, actor=actor)


def request_erasure(contact: Contact, *, actor: Actor) -> DataRequest:
    """All that we hold of the person will be gone, and cannot be brought back.

    Raises Conflict with what stands in its way: somebody works for the person at this moment.
    """
    if queries.has_open_work(contact):
        policy.require(actor, _PERMISSIONS["erasure"], account_sid=contact.workspace.account.sid)
        raise Conflict(BUSY)
    return _request(contact, kind=DataRequest.Kind.ERASURE, actor=actor)


def note_download(request: DataRequest, *, actor: Actor) -> None:
    """Somebody has fetched the copy: the journal says who. Raises NotFound when it is not there any more."""
    policy.require(actor, _PERMISSIONS["export"], account_sid=request.workspace.account.sid)
    if request.status != DataRequest.Status.DONE or not request.file:
        raise NotFound("The copy is not there any more. Make a new one.")
    with transaction.atomic():
        _note("privacy.export-downloaded", request, actor=actor)


# --- what workers do ---


def claim_request(sid: str) -> Claim | None:
    """Begin it, or begin it anew after a worker that died; None when there is nothing to do."""
    now = database_now()
    due = DataRequest.objects.filter(_is_due(now), sid=sid)
    if due.filter(fence__gte=MAX_ATTEMPTS).exists():
        _give_up(sid)
        return None
    begun = {"status": REQUEST.target("claim"), "due_at": now + LEASE}
    if due.update(fence=F("fence") + 1, version=F("version") + 1, **begun) != 1:
        return None
    row = DataRequest.objects.select_related("contact", "workspace__account").get(sid=sid)
    return Claim(row, row.fence)


def keep_request(claim: Claim, *, progress: int) -> bool:
    """Renew the lease; False when somebody else works on it: then stop."""
    return _held(claim).update(due_at=database_now() + LEASE, progress=progress) == 1


def finish_export(claim: Claim, *, content: File, figures: dict[str, int]) -> bool:  # type: ignore[type-arg]
    """The copy can be fetched, for some days; False when another attempt is at it, and nothing is left of this one."""
    request = claim.request
    name = default_storage.save(f"exports/{request.sid}.{claim.fence}.zip", content)
    with transaction.atomic():
        told = {"file": name, "size": content.size, "figures": figures, "due_at": database_now() + KEPT}
        if _end(claim, verb="finish", event="privacy.export-done", **told):
            return True
    default_storage.delete(name)
    return False


def finish_erasure(claim: Claim, *, figures: dict[str, int]) -> bool:
    """All is gone."""
    with transaction.atomic():
        return _end(claim, verb="finish", event="privacy.erasure-done", figures=figures, due_at=None)


def put_back(claim: Claim) -> None:
    """Something stands in the way for the moment: another attempt follows, and no later than that."""
    _held(claim).update(status=REQUEST.target("put_back"), due_at=database_now() + _PAUSE, version=F("version") + 1)


def fail_request(claim: Claim, *, error: str) -> None:
    """It came to no end."""
    with transaction.atomic():
        _end(claim, verb="fail", event=f"privacy.{claim.request.kind}-failed", error=error[:200], due_at=None)


def expire_export(request: DataRequest) -> None:
    """The file goes; that there was one stays."""
    if request.file.name:
        default_storage.delete(request.file.name)
    with transaction.atomic():
        rows = DataRequest.objects.filter(pk=request.pk, status__in=REQUEST.sources("expire"))
        if rows.update(status=REQUEST.target("expire"), file="", due_at=None, version=F("version") + 1):
            _note("privacy.export-expired", request, actor=SYSTEM)


def _request(contact: Contact, *, kind: str, actor: Actor) -> DataRequest:
    policy.require(actor, _PERMISSIONS[kind], account_sid=contact.workspace.account.sid)
    if not contact_queries.visible_to(actor).filter(pk=contact.pk).exists():
        raise NotFound("There is no contact %(sid)s.", field="contact", params={"sid": contact.sid})
    if contact.erased_at is not None:
        raise Conflict("The data of the contact %(sid)s has been erased.", params={"sid": contact.sid})
    try:
        with transaction.atomic():
            row = DataRequest.objects.create(
                workspace=contact.workspace, contact=contact, kind=kind, actor_sid=actor.sid, due_at=database_now()
            )
            _note(f"privacy.{kind}-requested", row, actor=actor)
    except IntegrityError as error:
        raise Conflict("There is such a request already, and it is not done yet.") from error
    return row


def _is_due(now: Any) -> Q:
    return Q(status__in=OPEN, due_at__lte=now)


def _give_up(sid: str) -> None:
    with transaction.atomic():
        rows = DataRequest.objects.filter(sid=sid, status__in=OPEN)
        fields = {"error": GIVEN_UP, "due_at": None, "ended_at": database_now()}
        if rows.update(status=REQUEST.target("fail"), version=F("version") + 1, **fields):
            row = DataRequest.objects.select_related("contact", "workspace").get(sid=sid)
            _note(f"privacy.{row.kind}-failed", row, actor=SYSTEM)


def _end(claim: Claim, *, verb: str, event: str, **fields: Any) -> bool:
    ended = _held(claim).update(
        status=REQUEST.target(verb), progress=100, ended_at=database_now(), version=F("version") + 1, **fields
    )
    if ended:
        _note(event, claim.request, actor=SYSTEM)
    return bool(ended)


def _held(claim: Claim) -> "QuerySet[DataRequest]":
    return DataRequest.objects.filter(pk=claim.request.pk, fence=claim.fence, status="running")


def _note(event: str, request: DataRequest, *, actor: Actor) -> None:
    record(
        event,
        subject_sid=request.sid,
        data={"sid": request.sid, "contact_sid": request.contact.sid},
        audiences=[f"floor:{request.workspace.sid}"],
        actor=actor,
        workspace_sid=request.workspace.sid,
    )
