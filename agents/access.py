"""Whose work it is: agents act for their own worker alone."""

from accounts import policy
from agents.models import Worker
from kernel.actor import Actor
from kernel.errors import NotFound


def require_own_or_floor(worker: Worker, *, actor: Actor, missing: str) -> None:
    """Let the worker himself and those who run the floor pass.

    Another agent gets ``NotFound`` for ``missing``, so that he does not even learn that it exists; everybody else who
    may not gets ``Forbidden``.
    """
    account_sid = worker.workspace.account.sid
    if actor.worker_sid == worker.sid:
        policy.require(actor, "desk:use", account_sid=account_sid)
    elif actor.role == "agent":
        raise NotFound("There is no %(sid)s.", params={"sid": missing})
    else:
        policy.require(actor, "workers:write", account_sid=account_sid)
