"""The signing secrets of endpoints at rest."""

from typing import Final

from accounts.vault import Unreadable, Vault

__all__ = ["Unreadable", "seal", "unseal"]

_VAULT: Final = Vault("hooks.endpoint.secret")

seal = _VAULT.seal
unseal = _VAULT.unseal
