"""Who may come in, and how often: HTTP Basic, the scopes of the surface, requests a second."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, cast

from django.conf import settings
from django.core.cache import cache
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import policy
from accounts.callers import Caller, note_failure
from accounts.queries import actor_for_basic
from kernel.actor import Actor
from kernel.errors import NotAuthenticated
from taskrouter.problems import REALM

_READS = ("GET", "HEAD")


class Credentials(BasicAuthentication):
    """An account's sid and auth token, or an API key's sid and secret.

    Raises ``NotAuthenticated``, or ``Throttled`` from the 31st failure in a minute on.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any]:
        try:
            found = super().authenticate(request)
            return found or self.authenticate_credentials("", "", request)
        except (NotAuthenticated, AuthenticationFailed):
            note_failure(request)
            raise

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> tuple[Any, Any]:  # noqa: ARG002
        actor = actor_for_basic(userid, password)
        return Caller(actor), actor

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return REALM


class Scoped(BasePermission):
    """Reading needs ``taskrouter:read``, everything else ``taskrouter:write``; ``Forbidden`` names what is missing.

    A worker's own key may those operations alone that the view says are a worker's.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = actor_of(request)
        needed = "taskrouter:read" if request.method in _READS else "taskrouter:write"
        own = policy.bound_to(actor) and view.action in view.for_workers
        policy.require(actor, policy.WORKER_SCOPE if own else needed)
        return True


def actor_of(request: Request) -> Actor:
    """Who acts in this request."""
    return cast(Actor, request.auth)


@dataclass(frozen=True, slots=True)
class Spent:
    """How an account stands in the present second."""

    limit: int
    count: int

    @property
    def exceeded(self) -> bool:
        return self.count > self.limit

    def headers(self) -> dict[str, str]:
        """As every answer tells it."""
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(max(0, self.limit - self.count)),
            "X-Rate-Limit-Config": f"{self.limit} per second",
        }


def spend(name: str, account_sid: str, *, limit: int) -> Spent:
    """One more of what an account may do ``limit`` times a second. Each process counts for itself."""
    key = f"taskrouter:{name}:{account_sid}:{int(time.time())}"
    cache.add(key, 0, timeout=2)
    try:
        return Spent(limit, cache.incr(key))
    except ValueError:  # The cache made room just now.
        return Spent(limit, 1)


_running: Final[Counter[tuple[str, str]]] = Counter()
_lock: Final = Lock()


@contextmanager
def place(name: str, account_sid: str, *, limit: int) -> Iterator[bool]:
    """One of ``limit`` places for what an account does at the same time; False where all are taken.

    Each process counts for itself.
    """
    key = name, account_sid
    with _lock:
        free = _running[key] < limit
        _running[key] += free
    try:
        yield free
    finally:
        with _lock:
            _running[key] -= free
            if not _running[key]:
                del _running[key]


class RequestRate(BaseThrottle):
    """Requests a second of one account; the view tells in its headers how it stands."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = settings.TASKROUTER_REQUESTS_A_SECOND
        view.spent = spend("requests", actor_of(request).account_sid, limit=limit)
        return not view.spent.exceeded

    def wait(self) -> float:
        return 1.0
