"""Secrets at rest: encrypted under a key that is derived from ``SECRET_KEY``; its fallbacks still open old ones."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_PURPOSE = b"hooks.endpoint.secret"


class Unreadable(Exception):
    """No present key opens this: ``SECRET_KEY`` was changed without keeping the old one as a fallback."""


def seal(text: str) -> str:
    """What the database keeps of ``text``."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; raises ``Unreadable``."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("the endpoint's secret cannot be read with the present SECRET_KEY") from error


def _fernet() -> MultiFernet:
    return MultiFernet([_cipher(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _cipher(secret_key: str | bytes) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(force_bytes(secret_key))
    return Fernet(base64.urlsafe_b64encode(derived))
