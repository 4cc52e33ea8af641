"""Deadlines that have passed, many at once: a statement of PostgreSQL does what `expire` and `cancel_task` do for one.

Whatever somebody else holds just now is left for the next sweep: he may be answering. Locks are taken in the order that
all verbs keep: tasks, then workers, each by number. What is more than the plain case is left to the verbs.
``test_overdue`` holds statements and verbs equal.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from agents.actions import send_to_timeout_activity
from eventlog import doorbell
from kernel.actor import SYSTEM
from routing.actions.returning import MAX_ASSIGNMENTS
from routing.actions.tasks import TTL_EXCEEDED
from routing.payloads_sql import INSERT_EVENT, iso, task_payload


def expire_together(numbers: Collection[int], *, now: datetime) -> list[int]:
    """These offers time out; returns the numbers of those that only the verb can end.

    Those are offers of a transfer, one of several that stand, the last that a task may have, and of a workflow whose
    tasks come over to a newer version.
    """
    with transaction.atomic():
        left, workers = _execute(_EXPIRE, numbers, now, most=MAX_ASSIGNMENTS)
        if workers:
            send_to_timeout_activity(workers, actor=SYSTEM)
        transaction.on_commit(doorbell.ring, robust=True)
    return left


def cancel_together(numbers: Collection[int], *, now: datetime) -> list[int]:
    """The time to live of these tasks is over; returns the numbers of those that only the verb can end: somebody is
    asked about them."""
    (left,) = _execute(_CANCEL, numbers, now, reason=TTL_EXCEEDED)
    doorbell.ring()
    return left


def _execute(statement: str, numbers: Collection[int], now: datetime, **more: Any) -> tuple[list[int], ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"due": list(numbers), "now": now, **more})
        found: tuple[list[int], ...] = cursor.fetchone()
    return found


# As `kernel.sids` makes them: the time first, so that they stand together in their index.
_EVENT_SID: Final = """'EV' || lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
        || right(replace(gen_random_uuid()::text, '-', ''), 20)"""
_NAMES: Final = """s.sid AS workspace, k.unique_name AS channel, q.sid AS queue_sid, q.friendly_name AS queue_name,
        f.sid AS workflow_sid, f.friendly_name AS workflow_name"""
_NAMED: Final = """JOIN agents_workspace s ON s.id = t.workspace_id
    JOIN agents_taskchannel k ON k.id = t.task_channel_id
    LEFT JOIN routing_taskqueue q ON q.id = t.task_queue_id
    LEFT JOIN routing_workflow f ON f.id = t.workflow_id"""


# A task is locked only with the version that the rest of the statement has seen: else an offer that came in between
# would be overlooked.
_EXPIRE: Final = f"""
WITH standing AS MATERIALIZED (
    SELECT r.id, r.task_id, r.worker_id, t.version AS task_version,
        NOT t.in_transfer AND t.assignment_count < %(most)s::int
        AND NOT EXISTS (
            SELECT FROM routing_reservation o
            WHERE o.task_id = t.id AND o.reservation_status = 'pending' AND o.id <> ALL(%(due)s::bigint[])
        ) AND NOT EXISTS (
            SELECT FROM routing_workflowversion mine
            JOIN routing_workflowversion newer ON newer.workflow_id = mine.workflow_id AND newer.number > mine.number
            WHERE mine.id = t.workflow_version_id AND newer.re_evaluates
        ) AS plain
    FROM routing_reservation r JOIN routing_task t ON t.id = r.task_id
    WHERE r.id = ANY(%(due)s::bigint[]) AND r.reservation_status = 'pending'
), task AS MATERIALIZED (
    SELECT t.*, {_NAMES}
    FROM (SELECT DISTINCT task_id, task_version FROM standing WHERE plain) seen
    JOIN routing_task t ON t.id = seen.task_id AND t.version = seen.task_version
    {_NAMED}
    WHERE t.assignment_status = 'reserved'
    ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
), ended AS (
    UPDATE routing_reservation r
    SET reservation_status = 'timeout', reason = '', ended_at = %(now)s::timestamptz, version = r.version + 1
    FROM task t
    WHERE r.task_id = t.id AND r.id = ANY(%(due)s::bigint[]) AND r.reservation_status = 'pending'
    RETURNING r.id, r.sid, r.task_id, r.worker_id, r.version, r.created_at, r.expires_at, t.task_channel_id
), released AS (
    UPDATE routing_task t
    SET assignment_status = 'pending', updated_at = %(now)s::timestamptz, version = t.version + 1
    WHERE t.id IN (SELECT task_id FROM ended)
), channel AS MATERIALIZED (
    SELECT c.id, e.count
    FROM (SELECT worker_id, task_channel_id, count(*) AS count FROM ended GROUP BY 1, 2) e
    JOIN agents_workerchannel c ON c.worker_id = e.worker_id AND c.task_channel_id = e.task_channel_id
    ORDER BY c.task_channel_id, c.worker_id FOR NO KEY UPDATE OF c
), freed AS (
    UPDATE agents_workerchannel c SET load = greatest(c.load - channel.count, 0) FROM channel WHERE c.id = channel.id
), told AS (
    {INSERT_EVENT}
    SELECT {_EVENT_SID}, 'reservation.timeout', e.sid, t.workspace, 'system', '', '',
        jsonb_build_array('floor:' || t.workspace, 'worker:' || w.sid),
        jsonb_build_object(
            'sid', e.sid, 'version', e.version, 'reservation_status', 'timeout',
            'expires_at', {iso("e.expires_at")}, 'date_created', {iso("e.created_at")},
            'worker_sid', w.sid, 'worker_name', w.friendly_name, 'transfer', NULL,
            'task', {task_payload("pending")}
        ),
        %(now)s::timestamptz
    FROM ended e JOIN task t ON t.id = e.task_id JOIN agents_worker w ON w.id = e.worker_id ORDER BY e.expires_at
)
SELECT ARRAY(SELECT id FROM standing WHERE NOT plain),
    ARRAY(
        SELECT DISTINCT w.id FROM ended e JOIN agents_worker w ON w.id = e.worker_id
        JOIN agents_workspace s ON s.id = w.workspace_id WHERE s.timeout_activity_id IS NOT NULL
    )
"""  # noqa: S608 - only names of ours are built in

_CANCELED: Final = task_payload("canceled", reason="%(reason)s::text")
_CANCEL: Final = f"""
WITH standing AS MATERIALIZED (
    SELECT id, version, assignment_status = 'pending' AS plain FROM routing_task
    WHERE id = ANY(%(due)s::bigint[]) AND assignment_status IN ('pending', 'reserved') AND NOT in_transfer
), task AS MATERIALIZED (
    SELECT t.*, {_NAMES}
    FROM standing JOIN routing_task t ON t.id = standing.id AND t.version = standing.version
    {_NAMED}
    WHERE standing.plain AND t.assignment_status = 'pending'
    ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
), ended AS (
    UPDATE routing_task t
    SET assignment_status = 'canceled', reason = %(reason)s::text, ended_at = %(now)s::timestamptz, step_due_at = NULL,
        updated_at = %(now)s::timestamptz, version = t.version + 1
    FROM task WHERE t.id = task.id
), told AS (
    {INSERT_EVENT}
    SELECT {_EVENT_SID}, 'task.canceled', t.sid, t.workspace, 'system', '', '',
        jsonb_build_array('floor:' || t.workspace), {_CANCELED}, %(now)s::timestamptz
    FROM task t ORDER BY t.expires_at
)
SELECT ARRAY(SELECT id FROM standing WHERE NOT plain)
"""  # noqa: S608 - only names of ours are built in
