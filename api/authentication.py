"""``Authorization: Bearer cc_SK…``: who calls, and a brake on those who guess."""

from dataclasses import dataclass

import structlog
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.queries import actor_for_token
from kernel.actor import Actor
from kernel.errors import NotAuthenticated

logger = structlog.get_logger(__name__)

REALM = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True)
class Caller:
    """What the framework wants for a user; everything of ours looks at the actor alone."""

    actor: Actor
    is_authenticated: bool = True
    is_active: bool = True

    @property
    def pk(self) -> str:
        return self.actor.sid


class FailureThrottle(SimpleRateThrottle):
    """Counts refused keys by network address. A good key passes whatever others behind the address do."""

    rate = "30/min"

    def get_cache_key(self, request: Request, _view: object) -> str:
        return f"api-key-failures:{request.META.get('REMOTE_ADDR', '')}"


class ApiKeyAuthentication(BaseAuthentication):
    """The caller behind the key; raises ``NotAuthenticated``, or ``Throttled`` from the 31st failure in a minute on."""

    def authenticate(self, request: Request) -> tuple[Caller, Actor]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise NotAuthenticated("Send an API key as Authorization: Bearer cc_SK….", code="no-api-key")
            actor = actor_for_token(token.strip())
        except NotAuthenticated:
            self._note_failure(request)
            raise
        return Caller(actor), actor

    def authenticate_header(self, _request: Request) -> str:
        return REALM

    def _note_failure(self, request: Request) -> None:
        throttle = FailureThrottle()
        if not throttle.allow_request(request, None):  # type: ignore[arg-type]
            raise Throttled(wait=throttle.wait())
        logger.info("api key refused")
