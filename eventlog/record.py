"""Writing an event in the transaction of the change it tells of."""

from collections.abc import Iterable, Mapping
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
    if not connection.in_atomic_block:
        raise RuntimeError("record() outside a transaction: the change and its event must commit together.")
    event = Event.objects.create(
        type=type,
        subject_sid=subject_sid,
        workspace_sid=workspace_sid,
        actor_kind=actor.kind,
        actor_sid=actor.sid,
        ref=ref,
        audiences=sorted(set(audiences)),
        data=data,
    )
    transaction.on_commit(doorbell.ring, robust=True)
    return event
