"""What every REST surface shares: the caller as the framework wants him, and a brake on those who guess."""

from dataclasses import dataclass

import structlog
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from kernel.actor import Actor
from kernel.addresses import neighbourhood

logger = structlog.get_logger(__name__)


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
    """Counts refused credentials by network address. A good one passes whatever others behind the address do."""

    rate = "30/min"

    def get_cache_key(self, request: Request, _view: object) -> str:
        return f"api-key-failures:{neighbourhood(request.META.get('REMOTE_ADDR') or '')}"


def note_failure(request: Request) -> None:
    """One more refused credential; raises ``Throttled`` from the 31st in a minute on."""
    throttle = FailureThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        raise Throttled(wait=throttle.wait())
    logger.info("credentials refused")
