"""``Authorization: Bearer cc_SK…``: who calls, and a brake on those who guess."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.callers import Caller, note_failure
from accounts.queries import actor_for_token
from kernel.actor import Actor
from kernel.errors import NotAuthenticated

REALM = 'Bearer realm="api"'


class ApiKeyAuthentication(BaseAuthentication):
    """The caller behind the key; raises ``NotAuthenticated``, or ``Throttled`` from the 31st failure in a minute on."""

    def authenticate(self, request: Request) -> tuple[Caller, Actor]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise NotAuthenticated("Send an API key as Authorization: Bearer cc_SK….", code="no-api-key")
            actor = actor_for_token(token.strip())
        except NotAuthenticated:
            note_failure(request)
            raise
        return Caller(actor), actor

    def authenticate_header(self, _request: Request) -> str:
        return REALM
