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


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """A browser and its system, as people call them; empty where the header names neither.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36")
    'Chrome, Linux'
    >>> browser_name("curl/8.5.0")
    ''
    """
    found = (next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)
