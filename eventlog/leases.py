"""A named lease: one holder at a time, and a stale holder can write nothing."""

import os
import secrets
import socket
import time
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from eventlog import models
from eventlog.dbclock import database_now

TTL = timedelta(seconds=4)
_RENEW_SECONDS = 1.0
_STANDBY_SECONDS = 0.25


class LostLease(Exception):
    """Another process holds the lease now; what this transaction meant to write must not be written."""


class Lease:
    """One process's claim to a name.

    ``hold`` takes or renews it. ``guard``, called first in a transaction, locks the lease row and raises ``LostLease``
    unless this process is still the holder under the same fence: a holder that slept through its expiry (a stopped
    process, a long pause) wakes up unable to commit. Expiry is judged by the database's clock; the local clock only
    decides when to renew.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder = f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.fence = 0
        self._ask_at = 0.0

    def hold(self) -> bool:
        """Whether the lease is ours. Asks the database once a second while it is, four times a second while not."""
        if time.monotonic() >= self._ask_at:
            held = self._renew() or self._take()
            self._ask_at = time.monotonic() + (_RENEW_SECONDS if held else _STANDBY_SECONDS)
        return bool(self.fence)

    def guard(self) -> None:
        """Lock the lease for the rest of the transaction, or raise ``LostLease``."""
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        if not self.fence or mine.select_for_update().values_list("fence", flat=True).first() is None:
            self.fence = 0
            raise LostLease(self.name)

    def release(self) -> None:
        """Give it up at once, so that a successor need not wait for the expiry."""
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        mine.update(expires_at=database_now())
        self.fence = 0

    def _renew(self) -> bool:
        mine = models.Lease.objects.filter(name=self.name, holder=self.holder, fence=self.fence)
        if not self.fence or mine.update(expires_at=database_now() + TTL) != 1:
            self.fence = 0
            return False
        return True

    def _take(self) -> bool:
        now = database_now()
        free = Q(expires_at__lte=now) | Q(holder=self.holder)
        taken = models.Lease.objects.filter(free, name=self.name).update(
            holder=self.holder, fence=F("fence") + 1, expires_at=now + TTL
        )
        if not taken and not self._create(now=now):
            return False
        row = models.Lease.objects.get(name=self.name)
        if row.holder != self.holder:
            return False
        self.fence = row.fence
        return True

    def _create(self, *, now: datetime) -> bool:
        if models.Lease.objects.filter(name=self.name).exists():
            return False
        try:
            with transaction.atomic():
                models.Lease.objects.create(name=self.name, holder=self.holder, fence=1, expires_at=now + TTL)
        except IntegrityError:
            return False
        return True
