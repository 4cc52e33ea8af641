"""The wire shapes of tasks, reservations, transfers and the configuration; ``docs/events.md`` lists them."""

from typing import Any, TypedDict

from kernel import clock
from routing.models import Reservation, Task, TaskQueue, Transfer, Workflow


class TaskPayload(TypedDict):
    """``in_transfer``: an agent has the task, and somebody else is sought."""

    sid: str
    version: int
    assignment_status: str
    in_transfer: bool
    priority: int
    attributes: dict[str, Any]
    required_skills: list[str]
    reason: str
    routing_target: str
    task_channel: str
    task_queue_sid: str | None
    task_queue_friendly_name: str | None
    workflow_sid: str | None
    workflow_friendly_name: str | None
    date_created: str | None
    task_queue_entered_date: str | None


class TransferPayload(TypedDict):
    """``to`` is the sid of a worker, a queue or a workflow."""

    sid: str
    version: int
    task_sid: str
    status: str
    mode: str
    to: str
    note: str
    reason: str
    initiating_reservation_sid: str
    initiating_worker_sid: str
    initiating_worker_name: str
    date_created: str | None


class ReservationPayload(TypedDict):
    """``transfer`` is the transfer that the offer came by, or null."""

    sid: str
    version: int
    reservation_status: str
    expires_at: str | None
    date_created: str | None
    worker_sid: str
    worker_name: str
    transfer: TransferPayload | None
    task: TaskPayload


class TaskQueuePayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    target_workers: str
    task_order: str
    max_reserved_workers: int
    reservation_activity_sid: str | None
    assignment_activity_sid: str | None


class WorkflowPayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    configuration: str
    task_reservation_timeout: int
    assignment_callback_url: str
    fallback_assignment_callback_url: str


def task_payload(task: Task) -> TaskPayload:
    """`routing.payloads_sql` writes the same."""
    queue, workflow = task.task_queue, task.workflow
    return {
        "sid": task.sid,
        "version": task.version,
        "assignment_status": task.assignment_status,
        "in_transfer": task.in_transfer,
        "priority": task.priority,
        "attributes": task.attributes,
        "required_skills": task.required_skills,
        "reason": task.reason,
        "routing_target": task.routing_target,
        "task_channel": task.task_channel.unique_name,
        "task_queue_sid": queue.sid if queue else None,
        "task_queue_friendly_name": queue.friendly_name if queue else None,
        "workflow_sid": workflow.sid if workflow else None,
        "workflow_friendly_name": workflow.friendly_name if workflow else None,
        "date_created": clock.iso(task.created_at),
        "task_queue_entered_date": clock.iso(task.task_queue_entered_at),
    }


def transfer_payload(transfer: Transfer) -> TransferPayload:
    initiating = transfer.initiating_reservation
    return {
        "sid": transfer.sid,
        "version": transfer.version,
        "task_sid": transfer.task.sid,
        "status": transfer.status,
        "mode": transfer.mode,
        "to": transfer.to,
        "note": transfer.note,
        "reason": transfer.reason,
        "initiating_reservation_sid": initiating.sid,
        "initiating_worker_sid": initiating.worker.sid,
        "initiating_worker_name": initiating.worker.friendly_name,
        "date_created": clock.iso(transfer.created_at),
    }


def reservation_payload(reservation: Reservation) -> ReservationPayload:
    return {
        "sid": reservation.sid,
        "version": reservation.version,
        "reservation_status": reservation.reservation_status,
        "expires_at": clock.iso(reservation.expires_at),
        "date_created": clock.iso(reservation.created_at),
        "worker_sid": reservation.worker.sid,
        "worker_name": reservation.worker.friendly_name,
        "transfer": transfer_payload(reservation.transfer) if reservation.transfer else None,
        "task": task_payload(reservation.task),
    }


def task_queue_payload(queue: TaskQueue) -> TaskQueuePayload:
    reservation, assignment = queue.reservation_activity, queue.assignment_activity
    return {
        "sid": queue.sid,
        "version": queue.version,
        "friendly_name": queue.friendly_name,
        "target_workers": queue.target_workers,
        "task_order": queue.task_order,
        "max_reserved_workers": queue.max_reserved_workers,
        "reservation_activity_sid": reservation.sid if reservation else None,
        "assignment_activity_sid": assignment.sid if assignment else None,
    }


def workflow_payload(workflow: Workflow) -> WorkflowPayload:
    return {
        "sid": workflow.sid,
        "version": workflow.version,
        "friendly_name": workflow.friendly_name,
        "configuration": workflow.configuration,
        "task_reservation_timeout": workflow.task_reservation_timeout,
        "assignment_callback_url": workflow.assignment_callback_url,
        "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url,
    }
