"""``/healthz``: does this process live, and how is everything? ``/readyz``: should traffic come here?"""

from collections.abc import Callable
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contactcenter import drain
from conversations.models import Circuit, Reconciliation
from conversations.queries import circuit, inbox_depth, outbox_depth, reconciliation, unknown_count
from conversations.queries.templates import reading
from eventlog import queries as log
from kernel import clock

_REDIS_TIMEOUT_SECONDS = 1


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers; the body tells how the parts are.

    ``{"status": "ok" | "degraded", "database": "ok", "redis": "ok" | "unused" | "down", "pump": {"alive": true,
    "lag_seconds": 0.0}, "inbox": {"waiting": 0, "set_aside": 0}, "outbox": {"queued": 0},
    "sinks": {name: {"behind": 0, "failures": 0}}, "problems": [],
    "carrier": {"state": "closed" | "open" | "half_open", "interrupted_at": null, "code": "", "held_until": null},
    "unknown": 0, "reconciler": {"ran_at": "2026-01-01T00:00:00Z" | null, "seen": 0, "brought": 0, "brought_in_all": 0,
    "failure": "", "failures": 0} | null, "templates": {"read_at": "2026-01-01T00:00:00Z" | null, "count": 0,
    "failure": "", "failures": 0} | null}``
    """
    problems = reasons_not_ready()
    body: dict[str, Any] = {
        "status": "degraded" if problems else "ok",
        "database": "down" if "database" in problems else "ok",
        "redis": _redis_state(problems),
        "problems": sorted(problems.values()),
    }
    if "database" not in problems:
        body |= _depths()
    return JsonResponse(body)


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 if this process can do its work; 503 with the reasons if not, also while it is being stopped."""
    problems = reasons_not_ready()
    if drain.state.draining:
        problems["draining"] = "this process is being stopped"
    return JsonResponse({"ready": not problems, "reasons": sorted(problems.values())}, status=503 if problems else 200)


def reasons_not_ready() -> dict[str, str]:
    """What is wrong, by name of the part; empty when nothing is."""
    checks: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis}
    found = {name: text for name, check in checks.items() if (text := check())}
    if "database" not in found:
        later: dict[str, Callable[[], str]] = {"migrations": _migrations, "pump": _pump}
        for name, check in later.items():
            if text := check():
                found[name] = text
                break  # Without its tables there is nothing to ask about the pump.
    return found


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database cannot be reached"
    return ""


def _redis() -> str:
    if not settings.BUS_URL:
        return ""
    try:
        _redis_client().ping()
    except (redis.RedisError, OSError):
        return "Redis cannot be reached"
    return ""


@cache
def _redis_client() -> "redis.Redis":
    timeout = _REDIS_TIMEOUT_SECONDS
    return redis.Redis.from_url(settings.BUS_URL, socket_timeout=timeout, socket_connect_timeout=timeout)


def _redis_state(problems: dict[str, str]) -> str:
    if not settings.BUS_URL:
        return "unused"
    return "down" if "redis" in problems else "ok"


def _migrations() -> str:
    return "" if migrated() else "migrations are missing: run manage.py migrate"


_seen_migrated = False


def migrated() -> bool:
    """Whether the database has every migration; remembered once true, for it stays true."""
    global _seen_migrated  # noqa: PLW0603
    if not _seen_migrated:
        executor = MigrationExecutor(connection)
        _seen_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _seen_migrated


def _pump() -> str:
    return "" if log.health()["pump_alive"] else "no pump is running"


def _depths() -> dict[str, Any]:
    try:
        facts = log.health()
        queued = outbox_depth()
        waiting, set_aside = inbox_depth()
        look = reconciliation(settings.TWILIO_ACCOUNT_SID)
        breaker, unknown = circuit(), unknown_count()
    except DatabaseError:  # No tables yet.
        return {}
    return {
        "pump": {"alive": facts["pump_alive"], "lag_seconds": facts["lag_seconds"]},
        "inbox": {"waiting": waiting, "set_aside": set_aside},
        "outbox": {"queued": queued},
        "carrier": _carrier(breaker),
        "unknown": unknown,
        "reconciler": _look(look) if look else None,
        "templates": _reading(),
        "sinks": {
            name: {"behind": sink["behind"], "failures": sink["failures"]} for name, sink in facts["sinks"].items()
        },
    }


def _reading() -> dict[str, Any] | None:
    """When the provider's list of templates was last read, and why it could not be."""
    row = reading(settings.TWILIO_ACCOUNT_SID)
    if row is None:
        return None
    return {"read_at": clock.iso(row.read_at), "count": row.count, "failure": row.failure, "failures": row.failures}


def _carrier(row: Circuit | None) -> dict[str, Any]:
    """Whether messages wait since the provider's account is out of order, or wants us to wait."""
    row = row or Circuit()
    return {
        "state": row.state,
        "interrupted_at": clock.iso(row.since),
        "code": row.code,
        "held_until": clock.iso(row.held_until),
    }


def _look(row: Reconciliation) -> dict[str, Any]:
    """When the provider's list was last read to its end, and what was found that no webhook had brought."""
    return {
        "ran_at": clock.iso(row.ran_at),
        "seen": row.seen,
        "brought": row.brought,
        "brought_in_all": row.brought_in_all,
        "failure": row.failure,
        "failures": row.failures,
    }
