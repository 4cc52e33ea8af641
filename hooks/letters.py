"""How a request to an endpoint is written and its answer read: each kind in its own way.

``settings.HOOK_LETTERS`` names them. Packages above this one write what only they understand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from hooks import signing, vault
from hooks.actions import Claim
from hooks.egress import Answer
from kernel import clock


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out to one address."""

    body: bytes
    headers: Mapping[str, str]


class Writer:
    """One kind of request."""

    def write(self, claim: Claim, url: str) -> Request:
        """The same body at every attempt.

        Raises ``Unreadable`` when the secret cannot be read, ``Invalid`` where the URL may not be gone to any more.
        """
        raise NotImplementedError

    def fault(self, answer: Answer) -> str:
        """What is wrong with the answer; empty when it is taken."""
        return "" if 200 <= answer.status < 300 else f"the endpoint answered {answer.status}"


class Webhook(Writer):
    """JSON, signed as https://www.standardwebhooks.com has it."""

    def write(self, claim: Claim, url: str) -> Request:  # noqa: ARG002 - the address is not signed
        body = self._encode(claim)
        signed = signing.headers([vault.unseal(claim.secret)], message_id=claim.event_sid, at=clock.now(), body=body)
        return Request(body, {"content-type": "application/json", **signed})

    def _encode(self, claim: Claim) -> bytes:
        envelope = {"id": claim.event_sid, "type": claim.type, "timestamp": claim.created_at, "data": claim.payload}
        return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(maxsize=8)
def writer_of(kind: str) -> Writer:
    """The writer of this kind."""
    made: Writer = import_string(settings.HOOK_LETTERS[kind])()
    return made
