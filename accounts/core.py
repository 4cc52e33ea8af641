"""The shape of tokens, and the digest that stands for a secret."""

import hashlib
import secrets

from kernel import sids

_MARK = "cc"


def new_secret() -> str:
    """256 random bits: high entropy needs no slow hash (ASVS 6.5.2)."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret, under a key: 256 random bits cannot be guessed from it (ASVS 6.5.2)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_auth_token() -> str:
    """An account's token as Twilio's are: 32 hex digits."""
    return secrets.token_hex(16)


def token(sid: str, secret: str) -> str:
    """The text that the owner of the key carries."""
    return f"{_MARK}_{sid}_{secret}"


def parse_token(text: str) -> tuple[str, str] | None:
    """``(sid, secret)``, or ``None`` when it is no token of ours.

    >>> parse_token("cc_SK" + "0" * 32 + "_a_b") == ("SK" + "0" * 32, "a_b")
    True
    >>> parse_token("Basic xyz") is None
    True
    """
    mark, _, rest = text.partition("_")
    sid, _, secret = rest.partition("_")
    if mark != _MARK or not sids.is_sid(sid, "SK") or not secret:
        return None
    return sid, secret
