"""Misfortune on order: what the simulated provider is told to do wrong."""

from collections.abc import Mapping

from django.db.models import F

from carriers.twin.models import TwinFaults
from kernel.errors import Invalid

_ROW = 1
LIMITS = {
    "delay_ms": 30_000,
    "hang_seconds": 60,
    "rate_limit_next": 1_000,
    "server_error_next": 1_000,
    "hang_next": 1_000,
    "duplicate_next": 1_000,
    "reorder_next": 1_000,
    "lose_next": 1_000,
    "undelivered_next": 1_000,
    "sender_rate": 1_000,
    "queue_seconds": 36_000,
}


def current() -> TwinFaults:
    """The settings as they stand; all at rest when nobody has set any."""
    return TwinFaults.objects.filter(pk=_ROW).first() or TwinFaults(pk=_ROW)


def as_dict(row: TwinFaults) -> dict[str, int]:
    """``{"delay_ms": 0, "lose_next": 2, …}``."""
    return {name: getattr(row, name) for name in LIMITS}


def save(wanted: Mapping[str, object]) -> TwinFaults:
    """Set the named faults, leave the others; raises ``Invalid`` with the field."""
    values = {name: _number(name, value) for name, value in wanted.items()}
    row, _ = TwinFaults.objects.update_or_create(pk=_ROW, defaults=values)
    return row


def strike(standing: TwinFaults, name: str) -> bool:
    """Whether this fault of ``current()`` is due now; counts it down. The guard lets no two share the last one."""
    if not getattr(standing, name):
        return False
    return TwinFaults.objects.filter(pk=_ROW, **{f"{name}__gt": 0}).update(**{name: F(name) - 1}) == 1


def _number(name: str, value: object) -> int:
    if name not in LIMITS:
        raise Invalid("There is no such fault.", field=name[:64])
    if not isinstance(value, int | str) or isinstance(value, bool) or not str(value).isdecimal():
        raise Invalid("A whole number, please.", field=name)
    if int(value) > LIMITS[name]:
        raise Invalid("At most %(limit)s.", field=name, params={"limit": LIMITS[name]})
    return int(value)
