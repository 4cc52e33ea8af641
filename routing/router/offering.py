"""Offers in bulk: one statement of PostgreSQL writes a whole batch, with every guard that the verb `offer` has.

It locks in the order that all verbs keep (task, the workers' channels, the workers, each by number), refuses row by row
what does not stand any more, and commits with the fence of the router's lease. It waits for rows that somebody else
holds just now, since to refuse them would let those behind them pass; but not for long: a process that was stopped with
a lock in its hand must not hold up a whole workspace. What the verb writes for one task, this writes for hundreds;
``test_offers`` holds the two equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import OperationalError, connection

from eventlog import doorbell
from eventlog.dialect import array_of, is_lock_timeout
from eventlog.leases import Lease
from kernel import clock, sids
from routing.models import DEFAULT_RESERVATION_TIMEOUT
from routing.payloads_sql import INSERT_EVENT, iso, task_payload
from routing.router.judging import Kept


@dataclass(frozen=True, slots=True)
class Asked:
    """One worker who is to be offered one task. ``any_activity``: he may be away, for the target chose by activity."""

    task: int
    version: int
    worker: int
    any_activity: bool
    judgement: int | None


@dataclass(slots=True)
class Outcome:
    """``written`` and ``left`` are places in what was given; those ``left`` are in transfer, for the verb to offer."""

    written: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    events: Sequence[int] = ()


def offer_together(
    asked: Sequence[Asked], kept: Sequence[Kept], *, lease: Lease, workspace_sid: str, now: datetime
) -> Outcome:
    """Write what still stands, in this order. Several for one task are one offer to several workers at once.

    Not to be called in a transaction, which a wait in vain would end. Raises LostLease, having written nothing, when
    another router has the workspace.
    """
    parameters: dict[str, Any] = {
        "lease": lease.name,
        "holder": lease.holder,
        "fence": lease.fence,
        "tasks": _array(each.task for each in asked),
        "versions": _array(each.version for each in asked),
        "workers": _array(each.worker for each in asked),
        "away": _array("t" if each.any_activity else "f" for each in asked),
        "judgements": _array(each.judgement or "NULL" for each in asked),
        "sids": _array(sids.several("WR", len(asked))),
        "event_sids": _array(sids.several("EV", len(asked))),
        "workspace": workspace_sid,
        "now": now,
        "told_at": clock.iso(now),
        "seconds": DEFAULT_RESERVATION_TIMEOUT,
        "kept": _array(each.number for each in kept),
        "rosters": _array(each.roster for each in kept),
        "rules": array_of(each.rule for each in kept),
        "verdicts": array_of(f"\\x{each.verdicts.hex()}" for each in kept),
    }
    with connection.cursor() as cursor:
        try:
            cursor.execute(_WAITING, parameters)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
            cursor.execute(_PASSING_OVER, parameters)
        held, turns, in_transfer, events = cursor.fetchone()
    if not held:
        raise lease.lose()
    doorbell.ring()
    written = {turn - 1 for turn in turns}
    moving = set(in_transfer)
    return Outcome(written, {place for place, each in enumerate(asked) if each.task in moving}, events)


def _array(values: Any) -> str:
    """An array as PostgreSQL reads it: of numbers, sids or truth values, which need no quoting."""
    return f"{{{','.join(map(str, values))}}}"


_PATIENCE: Final = "300ms"

# Each step carries along what the one before found: the database believes that a step has few rows, and would join two
# of them row by row, five hundred times five hundred.
_PASSING_OVER: Final = f"""
WITH patience AS MATERIALIZED (
    SELECT set_config('lock_timeout', '{_PATIENCE}', true)
), lease AS MATERIALIZED (
    SELECT FROM patience, eventlog_lease WHERE name = %(lease)s AND holder = %(holder)s AND fence = %(fence)s
    FOR NO KEY UPDATE OF eventlog_lease
), given AS MATERIALIZED (
    SELECT * FROM unnest(
        %(tasks)s::bigint[], %(versions)s::bigint[], %(workers)s::bigint[], %(away)s::boolean[],
        %(judgements)s::bigint[], %(sids)s::text[], %(event_sids)s::text[]
    ) WITH ORDINALITY AS g (task_id, version, worker_id, any_activity, judgement_id, sid, event_sid, turn)
), task AS MATERIALIZED (
    SELECT t.id, t.sid, t.version, t.task_channel_id, t.in_transfer, t.priority, t.attributes, t.required_skills,
        t.reason, t.routing_target, t.ignore_capacity, t.created_at, t.task_queue_entered_at,
        k.unique_name AS channel, q.sid AS queue_sid, q.friendly_name AS queue_name,
        f.sid AS workflow_sid, f.friendly_name AS workflow_name,
        %(now)s::timestamptz + make_interval(secs => coalesce(f.task_reservation_timeout, %(seconds)s::int)) AS expires
    FROM routing_task t
    JOIN agents_taskchannel k ON k.id = t.task_channel_id
    LEFT JOIN routing_taskqueue q ON q.id = t.task_queue_id
    LEFT JOIN routing_workflow f ON f.id = t.workflow_id
    WHERE t.id = ANY(%(tasks)s::bigint[]) AND t.assignment_status = 'pending' AND EXISTS (SELECT FROM lease)
    ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
), wanted AS MATERIALIZED (
    SELECT g.*, t.task_channel_id, t.expires, t.ignore_capacity, t.routing_target
    FROM given g JOIN task t ON t.id = g.task_id AND t.version = g.version AND NOT t.in_transfer
), channel AS MATERIALIZED (
    SELECT g.*, c.id AS channel_id, c.available AS takes, c.configured_capacity - c.load AS room
    FROM wanted g
    JOIN agents_workerchannel c ON c.worker_id = g.worker_id AND c.task_channel_id = g.task_channel_id
    ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
), worker AS MATERIALIZED (
    SELECT c.*, w.sid AS worker_sid, w.friendly_name AS worker_name, a.available OR c.any_activity AS there,
        c.ignore_capacity AND c.routing_target = w.sid AS unconditional
    FROM channel c
    JOIN agents_worker w ON w.id = c.worker_id
    JOIN agents_activity a ON a.id = w.activity_id
    ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED
), able AS (
    SELECT worker.*, row_number() OVER (PARTITION BY channel_id ORDER BY turn) AS nth
    FROM worker WHERE (takes AND there) OR unconditional
), fitting AS MATERIALIZED (
    SELECT able.*, row_number() OVER (PARTITION BY task_id ORDER BY turn) - 1 AS place
    FROM able WHERE nth <= room OR unconditional
), judged AS (
    INSERT INTO routing_judgement (id, workspace_id, roster_id, rule, verdicts, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT j.id, r.workspace_id, r.id, j.rule::jsonb, j.verdicts, %(now)s::timestamptz
    FROM unnest(%(kept)s::bigint[], %(rosters)s::bigint[], %(rules)s::text[], %(verdicts)s::bytea[])
        AS j (id, roster_id, rule, verdicts)
    JOIN routing_roster r ON r.id = j.roster_id
    WHERE j.id IN (SELECT judgement_id FROM fitting)
), reserved AS (
    UPDATE routing_task t
    SET assignment_status = 'reserved', version = t.version + 1, updated_at = %(now)s::timestamptz,
        assignment_count = t.assignment_count + 1
    FROM (SELECT DISTINCT task_id FROM fitting) f WHERE t.id = f.task_id
), offered AS (
    INSERT INTO routing_reservation
        (sid, task_id, worker_id, place, judgement_id, reservation_status, reason, created_at, expires_at, version)
    SELECT sid, task_id, worker_id, place, judgement_id, 'pending', '', %(now)s::timestamptz, expires, 1
    FROM fitting ORDER BY turn
), loaded AS (
    UPDATE agents_workerchannel c SET load = c.load + f.count, last_assigned_at = %(now)s::timestamptz
    FROM (SELECT channel_id, count(*) AS count FROM fitting GROUP BY channel_id) f WHERE c.id = f.channel_id
), lined_up AS (
    UPDATE agents_worker w SET last_assigned_at = %(now)s::timestamptz
    FROM (SELECT DISTINCT worker_id FROM fitting) f WHERE w.id = f.worker_id
), told AS (
    {INSERT_EVENT}
    SELECT f.event_sid, 'reservation.created', f.sid, %(workspace)s::text, 'system', '', '',
        jsonb_build_array('floor:' || %(workspace)s::text, 'worker:' || f.worker_sid),
        jsonb_build_object(
            'sid', f.sid, 'version', 1, 'reservation_status', 'pending',
            'expires_at', {iso("f.expires")}, 'date_created', %(told_at)s::text,
            'worker_sid', f.worker_sid, 'worker_name', f.worker_name, 'transfer', NULL,
            'task', {task_payload("reserved")}
        ),
        %(now)s::timestamptz
    FROM fitting f JOIN task t ON t.id = f.task_id ORDER BY f.turn
    RETURNING id
)
SELECT EXISTS (SELECT FROM lease), ARRAY(SELECT turn FROM fitting), ARRAY(SELECT id FROM task WHERE in_transfer),
    ARRAY(SELECT id FROM told)
"""  # noqa: S608 - only names of ours are built in

_WAITING: Final = _PASSING_OVER.replace(" SKIP LOCKED", "")
