"""Whether a webhook really comes from Twilio.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator

_DEFAULT_PORTS = {"https": 443, "http": 80}
_PORT = re.compile(r":\d+$")


def verify(
    *,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> bool:
    """Whether the request is signed with one of our tokens. Never raises: whatever is odd is unsigned.

    ``url`` is the public URL that Twilio was given, query and all, built from the configured base and never from
    ``Host``. Forms pass ``params`` (a ``QueryDict`` keeps repeated names); JSON passes the raw ``body``, whose
    SHA-256 the URL must carry as ``bodySHA256``. SharedKey signatures are refused.
    """
    try:
        return _verify(url=url, headers=headers, params=params, body=body)
    except (TypeError, ValueError, AttributeError, LookupError):
        return False


def sign(url: str, params: Mapping[str, str], *, token: str) -> str:
    """The ``X-Twilio-Signature`` of a form sent to ``url``."""
    return str(RequestValidator(token).compute_signature(url, params))


def tokens() -> tuple[str, ...]:
    """The tokens that may sign: the present one and those that a rotation still allows."""
    return tuple(dict.fromkeys(t for t in (settings.TWILIO_AUTH_TOKEN, *settings.TWILIO_AUTH_TOKENS) if t))


def _verify(*, url: str, headers: Mapping[str, str], params: Mapping[str, str] | None, body: bytes | None) -> bool:
    given = {str(name).lower(): value for name, value in headers.items()}
    signature = given.get(SIGNATURE_HEADER.lower())
    if not signature or SIGNATURE_SETTINGS_HEADER.lower() in given:
        return False
    if params is None and not _covers_body(url, body):
        return False
    good = False
    for token in tokens():
        for candidate in _urls(url):
            expected = RequestValidator(token).compute_signature(candidate, params or {})
            # No early exit: how long this takes does not tell which token came close.
            good |= hmac.compare_digest(expected.encode(), signature.encode())
    return good


def _covers_body(url: str, body: bytes | None) -> bool:
    """Whether the URL, which is signed, carries the hash of exactly this body."""
    hashes = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    if body is None or len(hashes) != 1:
        return False
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), hashes[0].lower().encode())


def _urls(url: str) -> Iterator[str]:
    """The URL as it is, and with the port told or untold: Twilio is not consistent about it."""
    yield url
    parts = urlsplit(url)
    if parts.port:
        yield parts._replace(netloc=_PORT.sub("", parts.netloc)).geturl()
    elif parts.scheme in _DEFAULT_PORTS:
        yield parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()
