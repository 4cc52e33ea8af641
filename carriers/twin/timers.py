"""The pump's hand on the twin."""

from datetime import datetime

from django.conf import settings

from carriers.twin import outbox


def sweep_callbacks(now: datetime) -> None:
    """Wake a worker if the time of a callback has come, or the worker that had it died."""
    if settings.TWIN_ENABLED:
        outbox.ring_due(now)
