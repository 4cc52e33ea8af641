"""The one operation with a JSON body: what is read of it, who may, and how often."""

import json
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import policy
from kernel import sids
from kernel.errors import Invalid
from taskrouter import access

MOST_QUEUES: Final = 50
REQUESTS_A_SECOND: Final = 5


class JSONBody(BaseParser):
    """JSON in UTF-8."""

    media_type = "application/json"

    def parse(self, stream: Any, _media_type: str | None = None, _context: Any = None) -> Any:
        try:
            return json.loads(stream.read().decode())
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is no JSON.")) from error


class Reads(BasePermission):
    """It is a POST, and yet changes nothing: ``taskrouter:read`` is enough."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        policy.require(access.actor_of(request), "taskrouter:read")
        return True


class BulkRate(BaseThrottle):
    """Five of them a second for each account, as at Twilio."""

    def allow_request(self, request: Request, view: Any) -> bool:
        spent = access.spend("bulk", access.actor_of(request).account_sid, limit=REQUESTS_A_SECOND)
        view.spent = spent
        return not spent.exceeded

    def wait(self) -> float:
        return 1.0


def queue_sids(body: Any) -> list[str]:
    """``{"QueueSids": ["WQ…", …]}``: 1 to 50 of them, each told once. Raises Invalid."""
    given = body.get("QueueSids") if isinstance(body, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_QUEUES:
        raise Invalid("Name 1 to %(limit)d task queues.", field="queue_sids", params={"limit": MOST_QUEUES})
    if not all(sids.is_sid(sid, "WQ") for sid in given):
        expected = "A sid that begins with %(prefix)s is expected here."
        raise Invalid(expected, field="queue_sids", params={"prefix": "WQ"})
    return list(dict.fromkeys(given))
