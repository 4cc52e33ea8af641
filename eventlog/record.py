"""Writing an event in the transaction of the change it tells of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from eventlog import doorbell
from eventlog.models import Event
from kernel.actor import Actor


def record(
    type: str,  # noqa: A002 - the wire's word
    *,
    subject_sid: str,
    data: Mapping[str, Any],
    audiences: Iterable[str],
    actor: Actor,
    workspace_sid: str,
    ref: str = "",
) -> Event:
    """Note that something became true; sinks and screens hear of it after the commit.

    ``data`` is the subject's whole payload. Must be called inside the action's transaction, so that neither the change
    nor its event can exist alone.
    """
    event = draft(
        type,
        subject_sid=subject_sid,
        data=data,
        audiences=audiences,
        actor=actor,
        workspace_sid=workspace_sid,
        ref=ref,
    )
    _in_transaction()
    event.save(force_insert=True)
    transaction.on_commit(doorbell.ring, robust=True)
    return event


def draft(
    type: str,  # noqa: A002
    *,
    subject_sid: str,
    data: Mapping[str, Any],
    audiences: Iterable[str],
    actor: Actor,
    workspace_sid: str,
    ref: str = "",
) -> Event:
    """The event, not written yet: for `record_all`."""
    return Event(
        type=type,
        subject_sid=subject_sid,
        workspace_sid=workspace_sid,
        actor_kind=actor.kind,
        actor_sid=actor.sid,
        ref=ref,
        audiences=sorted(set(audiences)),
        data=data,
    )


def record_all(events: Sequence[Event]) -> None:
    """Note several things that became true together, in this order, with one INSERT and one ring."""
    _in_transaction()
    Event.objects.bulk_create(events)
    transaction.on_commit(doorbell.ring, robust=True)


def _in_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("An event outside a transaction: the change and its event must commit together.")
