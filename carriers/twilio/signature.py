"""Whether a webhook really comes from Twilio.

Two schemes, one string: the public URL, then every parameter. Classic requests are signed with an auth token and SHA-1
(https://www.twilio.com/docs/usage/security#validating-requests). Requests that name a SharedKey in
``X-Twilio-Webhooks-Signature-Settings`` are signed with its secret and the algorithm that stands beside it
(https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys).
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from django.conf import settings
from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
)

# From the weakest to the strongest; whatever stands elsewhere is refused.
ALGORITHMS: Final = (HMAC_SHA1, HMAC_SHA256)
_HASHES: Final = {HMAC_SHA1: "sha1", HMAC_SHA256: "sha256"}
_DEFAULT_PORTS = {"https": 443, "http": 80}
_PORT = re.compile(r":\d+$")
# As browsers and Node write a query: https://url.spec.whatwg.org/#special-query-percent-encode-set
_ESCAPED = str.maketrans({" ": "%20", '"': "%22", "'": "%27", "<": "%3C", ">": "%3E"})
# What Node's ``querystring`` leaves as it is, beside letters and digits.
_LEGACY_SAFE = "-_.!~*'()"
_MAX_LEGACY_FIELDS = 100


def verify(
    *,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> bool:
    """Whether the request is signed with one of our secrets. Never raises: whatever is odd is unsigned.

    ``url`` is the public URL that Twilio was given, query and all, built from the configured base and never from
    ``Host``. Forms pass ``params`` (a ``QueryDict`` keeps repeated names); everything else passes the raw ``body``,
    whose SHA-256 the URL must carry as ``bodySHA256``. Nothing weaker than ``TWILIO_SIGNATURE_ALGORITHM`` counts,
    whatever the request says of itself.
    """
    try:
        return _verify(url=url, headers=headers, params=params, body=body)
    except (TypeError, ValueError, AttributeError, LookupError):
        return False


def sign(url: str, params: Mapping[str, str], *, token: str, algorithm: str = HMAC_SHA1) -> str:
    """The ``X-Twilio-Signature`` of a form sent to ``url``."""
    return str(RequestValidator(token).compute_signature(url, params, algorithm))


def tokens() -> tuple[str, ...]:
    """The tokens that may sign: the present one and those that a rotation still allows."""
    return tuple(dict.fromkeys(t for t in (settings.TWILIO_AUTH_TOKEN, *settings.TWILIO_AUTH_TOKENS) if t))


def _verify(*, url: str, headers: Mapping[str, str], params: Mapping[str, str] | None, body: bytes | None) -> bool:
    given = {str(name).lower(): value for name, value in headers.items()}
    signature = given.get(SIGNATURE_HEADER.lower())
    if not signature or (params is None and not _covers_body(url, body)):
        return False
    secrets, algorithm = _signers(given.get(SIGNATURE_SETTINGS_HEADER.lower(), ""))
    if ALGORITHMS.index(algorithm) < ALGORITHMS.index(settings.TWILIO_SIGNATURE_ALGORITHM):
        return False
    return _is_signed(_urls(url), signature, params=params or {}, secrets=secrets, algorithm=algorithm)


def _is_signed(
    urls: Iterable[str], signature: str, *, params: Mapping[str, str], secrets: Iterable[str], algorithm: str
) -> bool:
    keys = [secret.encode() for secret in secrets]
    fields = _fields(params)
    good = False
    for url in urls:
        for key in keys:
            # Not `hmac.digest`, which lets go of the interpreter: a busy server waits for it longer than it works.
            expected = b64encode(hmac.new(key, (url + fields).encode(), _HASHES[algorithm]).digest())
            # No early exit: how long this takes does not tell which secret came close.
            good |= hmac.compare_digest(expected, signature.encode())
    return good


def _fields(params: Mapping[str, str]) -> str:
    """Every name with every value of it once, in order: what is signed behind the URL.

    The SDK's validator builds it anew for each form of the URL and each secret, ten times as slowly.
    """
    values = getattr(params, "getlist", lambda name: [params[name]])
    return "".join(name + value for name in sorted(set(params)) for value in sorted(set(values(name))))


def _signers(header: str) -> tuple[tuple[str, ...], str]:
    """The secrets that may have signed, and how. Raises ``LookupError`` or ``ValueError`` for what nobody may use."""
    if not header.strip():
        return tokens(), HMAC_SHA1
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    names = [name for name, _ in pairs]
    if names.count("key") != 1 or names.count("algorithm") != 1:
        raise ValueError("A SharedKey signature names one key and one algorithm.")
    named = dict(pairs)
    algorithm = named["algorithm"].upper()
    if algorithm not in ALGORITHMS:
        raise ValueError("The algorithm is unknown.")
    secret = settings.TWILIO_SHARED_KEYS[named["key"]]
    return ((secret,) if secret else ()), algorithm


def _covers_body(url: str, body: bytes | None) -> bool:
    """Whether the URL, which is signed, carries the hash of exactly this body."""
    hashes = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    if body is None or len(hashes) != 1:
        return False
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), hashes[0].lower().encode())


def _urls(url: str) -> list[str]:
    """The URL as it is, with the port told or untold, and with its query as Node writes it, without repeats.

    Twilio is not consistent about ports; twilio-node forgives a query whose quotes somebody escaped or unescaped.
    """
    return list(dict.fromkeys(form for ported in _ported(url) for form in _escaped(ported)))


def _ported(url: str) -> Iterator[str]:
    yield url
    parts = urlsplit(url)
    if parts.port:
        yield parts._replace(netloc=_PORT.sub("", parts.netloc)).geturl()
    elif parts.scheme in _DEFAULT_PORTS:
        yield parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()


def _escaped(url: str) -> Iterator[str]:
    yield url
    base, mark, query = url.partition("?")
    if mark and query:
        yield f"{base}?{query.translate(_ESCAPED)}"
        yield f"{base}?{_legacy(query)}"


def _legacy(query: str) -> str:
    """The query read and written again as Node's ``querystring`` does: the same names and values, other escapes.

    >>> _legacy("Body=It%27s+ok&b=&a=1&b=2")
    "Body=It's%20ok&b=&b=2&a=1"
    """
    fields: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_LEGACY_FIELDS):
            fields.setdefault(name, []).append(value)
    except ValueError:  # Bytes that are no text would not come back as they were.
        return query
    return "&".join(
        f"{quote(name, safe=_LEGACY_SAFE)}={quote(value, safe=_LEGACY_SAFE)}"
        for name, values in fields.items()
        for value in values
    )
