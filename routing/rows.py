"""The hot reads of the router as SQL: which rows tell what it must know. `routing.reading` makes facts of them."""

from collections.abc import Collection
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Literal

from django.db import connection

from eventlog import dialect
from kernel import clock
from routing.core.facts import REFUSAL_PAUSE_SECONDS

CHUNK: Final = 20_000

_CLOCK_SLACK: Final = timedelta(minutes=1)
"""How far our clock may be from the database's; the board itself forgets pauses that are over."""

Key = Literal["sid", "id"]
Wanted = Collection[str] | Collection[int]
Rows = list[dialect.Row]


def workers(workspace_id: int, wanted: Wanted | None, *, by: Key) -> Rows:
    """number, sid, name, attributes, activity [sid, name], available, last offer, [channels]."""
    condition, parameters = _condition("w", by, wanted)
    return dialect.rows(_workers() + condition, [workspace_id, *parameters])


def tasks(workspace_id: int, wanted: Wanted, *, by: Key) -> Rows:
    """The columns of `_tasks`."""
    condition, parameters = _condition("t", by, wanted)
    return dialect.rows(_tasks() + condition, [dialect.values([]), _refused_since(), workspace_id, *parameters])


def waiting(workspace_id: int, *, after: int, plain: Collection[int]) -> Rows:
    """The next `CHUNK` pending tasks by number.

    ``plain`` are the workflow versions in which it does not depend on a task's attributes who may serve it.
    """
    query = f"{_tasks()} AND t.assignment_status = 'pending' AND t.id > %s ORDER BY t.id LIMIT {CHUNK}"
    return dialect.rows(query, [dialect.values(plain), _refused_since(), workspace_id, after], binary=True)


def _condition(alias: str, key: Key, wanted: Wanted | None) -> tuple[str, list[Any]]:
    if wanted is None:
        return "", []
    return f" AND {alias}.{key} {dialect.among()}", [dialect.values(wanted)]


def _refused_since() -> Any:
    oldest = clock.now() - timedelta(seconds=REFUSAL_PAUSE_SECONDS) - _CLOCK_SLACK
    return connection.ops.adapt_datetimefield_value(oldest)


@lru_cache
def _workers() -> str:
    channel = dialect.array(
        "c.task_channel_id",
        "c.configured_capacity",
        "c.available",
        "c.load",
        "c.assigned",
        dialect.moment("c.last_assigned_at"),
    )
    activity = dialect.text(dialect.array("a.sid", "a.friendly_name"))
    return f"""
        SELECT w.id, w.sid, w.friendly_name, {dialect.text("w.attributes")}, {activity}, a.available,
            {dialect.moment("w.last_assigned_at")},
            (SELECT {dialect.gathered(channel)} FROM agents_workerchannel c WHERE c.worker_id = w.id)
        FROM agents_worker w JOIN agents_activity a ON a.id = w.activity_id
        WHERE w.workspace_id = %s"""  # noqa: S608 - only names of ours are built in


@lru_cache
def _tasks() -> str:
    """Only what tells one task's place from another's is fetched; a million rows are a million times each column."""
    refusal = dialect.array("r.worker_id", dialect.moment("r.ended_at"))
    return f"""
        SELECT t.id, t.version, t.task_queue_id, t.task_channel_id, t.priority,
            {dialect.moment("t.virtual_start_time")}, {dialect.moment("t.created_at")}, t.ignore_capacity,
            t.workflow_version_id, t.filter_index, t.target_index, t.step_ends_at_age,
            CASE WHEN t.required_skills <> '[]' THEN {dialect.text("t.required_skills")} END,
            CASE WHEN t.filter_index IS NOT NULL AND NOT (t.workflow_version_id {dialect.among()})
                THEN {dialect.text("t.attributes")} END,
            CASE WHEN substr(t.routing_target, 1, 2) = 'WK'
                THEN coalesce((SELECT w.id FROM agents_worker w WHERE w.sid = t.routing_target), 0) END,
            CASE WHEN t.assignment_count > 0 THEN (
                SELECT {dialect.gathered(refusal)} FROM routing_reservation r
                WHERE r.task_id = t.id AND r.reservation_status IN ('rejected', 'timeout') AND r.ended_at > %s
            ) END,
            CASE WHEN t.in_transfer THEN (
                SELECT {dialect.gathered("r.worker_id")} FROM routing_reservation r
                WHERE r.task_id = t.id AND r.reservation_status IN ('accepted', 'wrapping')
            ) END,
            t.skip_asked, t.assignment_status = 'pending'
        FROM routing_task t
        WHERE t.workspace_id = %s"""  # noqa: S608 - only names of ours are built in
