"""The wire shapes of tasks, reservations and the routing configuration; ``docs/protocol.md`` lists them."""

from typing import Any, TypedDict

from kernel import clock
from routing.models import Reservation, Task, TaskQueue, Workflow


class TaskPayload(TypedDict):
    sid: str
    version: int
    assignment_status: str
    priority: int
    attributes: dict[str, Any]
    required_skills: list[str]
    reason: str
    task_channel: str
    task_queue_sid: str | None
    task_queue_friendly_name: str | None
    workflow_sid: str | None
    workflow_friendly_name: str | None
    date_created: str | None
    task_queue_entered_date: str | None


class ReservationPayload(TypedDict):
    sid: str
    version: int
    reservation_status: str
    expires_at: str | None
    date_created: str | None
    worker_sid: str
    worker_name: str
    task: TaskPayload


class TaskQueuePayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    target_workers: str
    task_order: str
    max_reserved_workers: int


class WorkflowPayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    configuration: str
    task_reservation_timeout: int


def task_payload(task: Task) -> TaskPayload:
    queue, workflow = task.task_queue, task.workflow
    return {
        "sid": task.sid,
        "version": task.version,
        "assignment_status": task.assignment_status,
        "priority": task.priority,
        "attributes": task.attributes,
        "required_skills": task.required_skills,
        "reason": task.reason,
        "task_channel": task.task_channel.unique_name,
        "task_queue_sid": queue.sid if queue else None,
        "task_queue_friendly_name": queue.friendly_name if queue else None,
        "workflow_sid": workflow.sid if workflow else None,
        "workflow_friendly_name": workflow.friendly_name if workflow else None,
        "date_created": clock.iso(task.created_at),
        "task_queue_entered_date": clock.iso(task.task_queue_entered_at),
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
        "task": task_payload(reservation.task),
    }


def task_queue_payload(queue: TaskQueue) -> TaskQueuePayload:
    return {
        "sid": queue.sid,
        "version": queue.version,
        "friendly_name": queue.friendly_name,
        "target_workers": queue.target_workers,
        "task_order": queue.task_order,
        "max_reserved_workers": queue.max_reserved_workers,
    }


def workflow_payload(workflow: Workflow) -> WorkflowPayload:
    return {
        "sid": workflow.sid,
        "version": workflow.version,
        "friendly_name": workflow.friendly_name,
        "configuration": workflow.configuration,
        "task_reservation_timeout": workflow.task_reservation_timeout,
    }
