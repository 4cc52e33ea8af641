"""The same as PostgreSQL writes it: for statements that do for hundreds what a verb does for one."""

from typing import Final

INSERT_EVENT: Final = """INSERT INTO eventlog_event
        (sid, type, subject_sid, workspace_sid, actor_kind, actor_sid, ref, audiences, data, created_at)"""


def iso(column: str) -> str:
    """As `kernel.clock.iso` writes it."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def task_payload(status: str, *, reason: str = "t.reason") -> str:
    """`routing.payloads.task_payload` of a task that is not in transfer, after one more move.

    ``t`` is the task before it, with the names of what it refers to: ``channel``, ``queue_sid``, ``queue_name``,
    ``workflow_sid`` and ``workflow_name``; ``reason`` is an expression.
    """
    return f"""jsonb_build_object(
                'sid', t.sid, 'version', t.version + 1, 'assignment_status', '{status}', 'in_transfer', false,
                'priority', t.priority, 'attributes', t.attributes, 'required_skills', t.required_skills,
                'reason', {reason}, 'routing_target', t.routing_target, 'task_channel', t.channel,
                'task_queue_sid', t.queue_sid, 'task_queue_friendly_name', t.queue_name,
                'workflow_sid', t.workflow_sid, 'workflow_friendly_name', t.workflow_name,
                'date_created', {iso("t.created_at")}, 'task_queue_entered_date', {iso("t.task_queue_entered_at")}
            )"""
