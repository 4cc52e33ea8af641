"""How many passwords may be tried: by one network for one name, by one network at all, and for one name at all.

The first alone would let somebody try a few passwords on each of all names, or many for one name from many
places.
"""

from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

from kernel.addresses import neighbourhood

# Failures within ``AXES_COOLOFF_TIME``, in the order of ``AXES_LOCKOUT_PARAMETERS``. A whole office shares one address;
# and whoever fails on purpose shall not easily keep a colleague out.
LIMITS: Final = (settings.AXES_FAILURE_LIMIT, 100, 100)


class Failures(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts in the database, so that the limits hold over all web processes and without Redis."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """How near the nearest limit is, as failures of the first."""
        attempts = self.get_user_attempts(request, credentials)
        counts = [rows.aggregate(count=Sum("failures_since_start"))["count"] or 0 for rows in attempts]
        return max(count * LIMITS[0] // most for count, most in zip(counts, LIMITS, strict=True))

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Who knows his password has mistyped it before, and that is all: what was tried on others still counts."""
        own, *_ = self.filter_user_attempts(request, credentials)
        return int(own.delete()[0])


def network(request: HttpRequest) -> str | None:
    """Where the request comes from, as it is counted."""
    return neighbourhood(request.META.get("REMOTE_ADDR") or "") or None
