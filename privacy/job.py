"""A queued request, done under its lease: nothing of it is lost or done twice, whoever dies."""

import os
import tempfile
import time
from typing import Final

import structlog
from django.core.files import File
from django.db import InterfaceError, OperationalError, connection

from conversations import actions as conversations
from conversations.models import Contact, Conversation
from conversations.queries.contacts import all_of
from kernel.actor import SYSTEM
from kernel.errors import Conflict
from privacy import actions, export, queries
from privacy.actions.erasing import erase_person, erase_talk, words_of
from privacy.actions.requests import BUSY, FAILED, Claim
from privacy.models import DataRequest

logger = structlog.get_logger(__name__)

KEEP_SECONDS: Final = 1.0


class Ended(Exception):
    """Somebody else works on it by now, or whoever started this process is gone."""


class Keeper:
    """Tells how far the work is, and keeps its lease, once a second."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._parent = os.getppid()
        self._next = 0.0

    def __call__(self, share: float) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + KEEP_SECONDS
        percent = min(99, max(0, int(share * 100)))
        if os.getppid() != self._parent or not actions.keep_request(self._claim, progress=percent):
            raise Ended


def run(sid: str) -> None:
    """Do what was requested, unless it is done or in somebody else's hands.

    What stands in the way for the moment, or a database that is away, leaves it to the next attempt.
    """
    claim = actions.claim_request(sid)
    if claim is None:
        return
    try:
        _WORK[claim.request.kind](claim)
    except Ended:
        logger.info("data request ended early", request=sid, fence=claim.fence)
    except Conflict as error:
        logger.info("data request put back", request=sid, code=error.code)
        actions.put_back(claim)
    except (InterfaceError, OperationalError):
        logger.warning("data request lost its database", request=sid)
        connection.close()
    except Exception:
        logger.exception("data request failed", request=sid)
        actions.fail_request(claim, error=FAILED)


def _export(claim: Claim) -> None:
    with tempfile.TemporaryFile() as held:
        figures = export.write(claim.request.contact, held, progress=Keeper(claim))
        held.seek(0)
        actions.finish_export(claim, content=File(held), figures=figures)


def _erase(claim: Claim) -> None:
    keep, contact = Keeper(claim), claim.request.contact
    if queries.has_open_work(contact):
        raise Conflict(BUSY)
    people = Contact.objects.filter(pk__in=all_of(contact))
    words, figures = words_of(list(people)), queries.holdings(contact)
    talks = list(queries.talks_of(contact))
    for done, talk in enumerate(talks):
        keep(done / len(talks))
        if talk.state == Conversation.State.ACTIVE:
            talk = conversations.close(talk, actor=SYSTEM)  # noqa: PLW2901
        if talk.erased_at is None:
            erase_talk(talk, words=words)
    _forget_copies(contact)
    if contact.erased_at is None:
        erase_person(contact)
    actions.finish_erasure(claim, figures=figures)


def _forget_copies(contact: Contact) -> None:
    """Copies that were made before hold all that is being erased."""
    for request in DataRequest.objects.filter(contact=contact, status=DataRequest.Status.DONE).exclude(file=""):
        actions.expire_export(request)


_WORK = {"export": _export, "erasure": _erase}
