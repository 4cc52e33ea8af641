"""Secrets at rest: encrypted, or hashed, under keys derived from ``SECRET_KEY``; its fallbacks still open old ones."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


class Unreadable(Exception):
    """No present key opens this: ``SECRET_KEY`` was changed without keeping the old one as a fallback."""


class Vault:
    """Keeps secrets of one purpose. Each purpose has keys of its own: what one sealed, no other opens."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose.encode()

    def seal(self, text: str) -> str:
        """What the database keeps of ``text`` where it must be read again."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text again; raises ``Unreadable``."""
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unreadable("the secret cannot be read with the present SECRET_KEY") from error

    def digest(self, text: str) -> str:
        """What is kept of ``text`` where it need only be recognised. Without ``SECRET_KEY`` it is nothing."""
        return _mac(next(self._keys()), text)

    def digests(self, text: str) -> list[str]:
        """What may be kept of ``text``, by the present key and by each that is still good: to look for it."""
        return [_mac(key, text) for key in self._keys()]

    def matches(self, text: str, stored: str) -> bool:
        """Whether ``stored`` is the digest of ``text``. How long this takes does not tell how near it came."""
        found = [hmac.compare_digest(_mac(key, text), stored) for key in self._keys()]
        return any(found)

    def _fernet(self) -> MultiFernet:
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self._keys()])

    def _keys(self) -> Iterator[bytes]:
        for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            yield _derived(force_bytes(secret_key), self._purpose)


@lru_cache(maxsize=64)
def _derived(secret_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key)


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
