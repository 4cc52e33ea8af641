"""How many attempts at one endpoint a process makes at a time: one that hangs must not hold up all that goes out."""

from collections import Counter
from threading import Lock
from typing import Final

AT_ONCE: Final = 3
_LINES_KEPT: Final = 1000
"""Of each endpoint; what is not kept is found by the sweep."""


class Places:
    """Whoever finds all places of an endpoint taken leaves word, and is called when one is free."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = Lock()
        self._taken: Counter[str] = Counter()
        self._waiting: dict[str, dict[str, None]] = {}

    def take(self, endpoint_sid: str, subject_sid: str) -> bool:
        """False: the line waits, once however often it is rung for."""
        with self._lock:
            if self._taken[endpoint_sid] < self._at_once:
                self._taken[endpoint_sid] += 1
                return True
            lines = self._waiting.setdefault(endpoint_sid, {})
            if len(lines) < _LINES_KEPT:
                lines[subject_sid] = None
            return False

    def give_back(self, endpoint_sid: str) -> str | None:
        """The line that has waited for longest, if there is one: it is the caller's to ring for."""
        with self._lock:
            self._taken[endpoint_sid] -= 1
            if not self._taken[endpoint_sid]:
                del self._taken[endpoint_sid]
            lines = self._waiting.get(endpoint_sid, {})
            subject_sid = next(iter(lines), None)
            if subject_sid is not None:
                del lines[subject_sid]
            if not lines:
                self._waiting.pop(endpoint_sid, None)
            return subject_sid
