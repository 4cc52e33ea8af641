"""What can go wrong in the domain, told so that a person can mend it.

``message`` is an English msgid; the edges translate it and fill ``params`` in. ``field`` names the input to mend.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a stable ``code``, an HTTP-like ``status`` and a message for people."""

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.params: dict[str, Any] = dict(params or {})

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class Invalid(DomainError):
    """The input cannot be accepted as it is."""


class NotAuthenticated(DomainError):
    """Nobody we know is asking."""

    status = 401
    default_code = "not-authenticated"


class Forbidden(DomainError):
    """Somebody we know may not do this."""

    status = 403
    default_code = "forbidden"


class NotFound(DomainError):
    """It does not exist, or is not this actor's to see; the answer does not tell which."""

    status = 404
    default_code = "not-found"


class Conflict(DomainError):
    """It clashes with what already stands."""

    status = 409
    default_code = "conflict"


class StaleMove(Conflict):
    """Somebody else moved the row first; nothing was written."""

    default_code = "stale"


class TooLarge(DomainError):
    """More than we take."""

    status = 413
    default_code = "too-large"


class TooMany(DomainError):
    """More often than we take; later it may go through, after ``wait`` seconds where that is known."""

    status = 429
    default_code = "too-many"

    def __init__(self, message: str, *, wait: float | None = None, **given: Any) -> None:
        super().__init__(message, **given)
        self.wait = wait
