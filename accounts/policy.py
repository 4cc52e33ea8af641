"""Who may do what: one table, asked at the door of every action and nowhere else."""

from kernel.actor import Actor
from kernel.errors import Forbidden

_AGENT = frozenset({"desk:use", "contacts:write", "contacts:block"})
_SUPERVISOR = _AGENT | {
    "floor:read", "config:write", "workers:write", "campaigns:write", "privacy:export", "verify:configure",
}  # fmt: skip
_BY_ROLE = {
    "agent": _AGENT,
    "supervisor": _SUPERVISOR,
    "admin": _SUPERVISOR | {"keys:write", "users:write", "privacy:erase"},
}
SCOPES = (
    "handoffs:write",
    "conversations:read",
    "conversations:write",
    "campaigns:write",
    "routing:read",
    "taskrouter:read",
    "taskrouter:write",
    "verify:write",
)
WORKER_SCOPE = "taskrouter:worker"
"""Of a key that is bound to one worker, who alone has it: by TaskRouter's API it does what that worker may himself."""
# What a scope comes to, beside itself.
_BY_SCOPE = {
    "taskrouter:write": frozenset({"taskrouter:read", "config:write", "workers:write"}),
    WORKER_SCOPE: frozenset({"desk:use"}),
    "verify:write": frozenset({"verify:configure"}),
}


def may(actor: Actor, permission: str, *, account_sid: str | None = None) -> bool:
    """Whether ``actor`` holds ``permission`` in the account (``None``: the object belongs to no account)."""
    if actor.kind in ("system", "carrier"):
        return True
    if account_sid is not None and actor.account_sid != account_sid:
        return False
    if actor.kind == "user":
        return permission in _BY_ROLE.get(actor.role, frozenset())
    return actor.kind == "key" and permission in _opened_by(actor.scopes)


def require(actor: Actor, permission: str, *, account_sid: str | None = None) -> None:
    """Raise ``Forbidden`` unless ``actor`` holds ``permission``."""
    if not may(actor, permission, account_sid=account_sid):
        raise Forbidden("This needs the permission %(permission)s.", params={"permission": permission})


def bound_to(actor: Actor) -> str:
    """The sid of the worker whose own key acts; empty for everybody else.

    Such a key sees and does nothing but that worker's.
    """
    return actor.worker_sid if actor.kind == "key" else ""


def _opened_by(scopes: frozenset[str]) -> frozenset[str]:
    return scopes.union(*(_BY_SCOPE[scope] for scope in scopes if scope in _BY_SCOPE))
