"""A named lease: one holder at a time, and a stale holder can write nothing."""

import os
import secrets
import socket
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from eventlog import models
from eventlog.dbclock import database_now

SECONDS: Final = 4.0
"""How long a lease outlives a holder that was killed."""

_RENEWALS: Final = 4
_STANDBY_SECONDS: Final = 0.25


class LostLease(Exception):
    """Another process holds the lease now; what this transaction meant to write must not be written."""


class Lease:
    """One process's claim to a name.

    ``hold`` takes or renews it. ``guard``, called first in a transaction, locks the lease row and raises ``LostLease``
    unless this process is still the holder under the same fence: a holder that slept through its expiry (a stopped
    process, a long pause) wakes up unable to commit. Expiry is judged by the database's clock; the local clock only
    decides when to renew, four times in ``seconds``.
    """

    def __init__(self, name: str, *, seconds: float = SECONDS) -> None:
        self.name = name
        self._term = timedelta(seconds=seconds)
        self.holder = f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.fence = 0
        self._ask_at = 0.0

    def hold(self) -> bool:
        """Whether the lease is ours. Asks the database when it is to be renewed; while it is another's, when that one
        expires, and four times a second in case it is given up before."""
        if time.monotonic() >= self._ask_at:
            left = 0.0 if self.fence else self._until_free()
            held = not left and (self._renew() or self._take())
            pause = self._term.total_seconds() / _RENEWALS if held else left or self._until_free()
            self._ask_at = time.monotonic() + pause
        return bool(self.fence)

    def guard(self) -> None:
        """Lock the lease for the rest of the transaction, or raise ``LostLease``."""
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        if not self.fence or mine.select_for_update().values_list("fence", flat=True).first() is None:
            raise self.lose()

    def lose(self) -> LostLease:
        """Another process has it now: what is to be raised."""
        self.fence = 0
        return LostLease(self.name)

    def release(self) -> None:
        """Give it up at once, so that a successor need not wait for the expiry."""
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        mine.update(expires_at=database_now())
        self.fence = 0

    def _renew(self) -> bool:
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        if not self.fence or mine.update(expires_at=database_now() + self._term) != 1:
            self.fence = 0
            return False
        return True

    def _take(self) -> bool:
        now = database_now()
        free = Q(expires_at__lte=now) | Q(holder=self.holder)
        taken = models.Lease.objects.filter(free, name=self.name).update(
            holder=self.holder, fence=F("fence") + 1, expires_at=now + self._term
        )
        if not taken and not self._create(now=now):
            return False
        row = models.Lease.objects.get(name=self.name)
        if row.holder != self.holder:
            return False
        self.fence = row.fence
        return True

    def _until_free(self) -> float:
        """For how many seconds nobody else can have it, as far as it is known now."""
        expires_at = models.Lease.objects.filter(name=self.name).values_list("expires_at", flat=True).first()
        left = (expires_at - database_now()).total_seconds() if expires_at else 0.0
        return min(max(left, 0.0), _STANDBY_SECONDS)

    def _create(self, *, now: datetime) -> bool:
        if models.Lease.objects.filter(name=self.name).exists():
            return False
        try:
            with transaction.atomic():
                models.Lease.objects.create(name=self.name, holder=self.holder, fence=1, expires_at=now + self._term)
        except IntegrityError:
            return False
        return True
