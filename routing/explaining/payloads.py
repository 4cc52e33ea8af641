"""The wire shapes of explanations; the API's document describes them."""

from collections.abc import Mapping
from typing import Any

from kernel import clock
from routing.core.explain import NEAREST_FIRST, Detail
from routing.core.facts import WorkerFacts
from routing.core.route import Route, RouteFilter, RouteTarget
from routing.core.trace import Clause
from routing.core.workflow import Step
from routing.explaining import wording
from routing.explaining.offers import OfferStory, Standing
from routing.explaining.pages import Page, Person
from routing.explaining.queues import Channel, QueueStory
from routing.explaining.tasks import Coming, TaskStory, Waiting
from routing.explaining.workers import QueueShare, TaskShare, WorkerStory
from routing.models import Reservation, Task

Payload = dict[str, Any]


def task_payload(story: TaskStory) -> Payload:
    task = story.task
    return {
        "task_sid": task.sid,
        "assignment_status": task.assignment_status,
        "reason": task.reason,
        "date": clock.iso(story.at),
        "route": _route(story, story.route) if story.route else None,
        "waiting": _waiting(story, story.waiting) if story.waiting else None,
        "reservations": [_reservation(row) for row in story.offers],
    }


def offer_payload(story: OfferStory) -> Payload:
    row, rule = story.reservation, story.rule
    return {
        "reservation_sid": row.sid,
        "task_sid": row.task.sid,
        "worker_sid": row.worker.sid,
        "worker_name": row.worker.friendly_name,
        "reservation_status": row.reservation_status,
        "date": clock.iso(row.created_at),
        "task_queue_sid": rule["queue"] if rule else None,
        "task_channel": rule["channel"] if rule else None,
        "order_by": rule["order_by"] if rule else [],
        "reasons": _reasons(story.counts),
        "workers": [_standing(standing) for standing in story.people.items],
        **_paging(story.people),
    }


def worker_payload(story: WorkerStory) -> Payload:
    worker = story.worker
    return {
        "worker_sid": worker.sid,
        "worker_name": worker.friendly_name,
        "date": clock.iso(story.at),
        "activity_name": worker.activity.friendly_name,
        "available": worker.activity.available,
        "date_status_changed": clock.iso(worker.date_status_changed),
        "obstacle": story.obstacle,
        "message": wording.obstacle(story.obstacle),
        "channels": [_channel(name, story.facts) for name in sorted(story.facts.channels)],
        "task_queues": [_queue_share(share) for share in story.queues.items],
        **_paging(story.queues),
        "refusals": [_reservation(row) for row in story.refusals],
    }


def queue_payload(story: QueueStory) -> Payload:
    return {
        "task_queue_sid": story.queue.sid,
        "task_queue_friendly_name": story.queue.friendly_name,
        "target_workers": story.queue.target_workers,
        "date": clock.iso(story.at),
        "waiting": story.waiting,
        "task_channels": [_channel_share(channel) for channel in story.channels],
        "tasks": [_task(task) for task in story.head],
        "task_channel": story.channel,
        "workers": [_person(person) for person in story.people.items],
        **_paging(story.people),
    }


def _paging(page: Page[Any]) -> Payload:
    return {"count": page.count, "next_page_token": page.next_token or None}


# --- the way through the workflow ---


def _route(story: TaskStory, route: Route) -> Payload:
    workflow, version = story.task.workflow, story.version
    default = route.default
    return {
        "workflow_sid": workflow.sid if workflow else None,
        "workflow_friendly_name": workflow.friendly_name if workflow else None,
        "workflow_version": version.number if version else None,
        "outdated": story.outdated,
        "filters": [_filter(rule, story.queues) for rule in route.filters],
        "default_filter": {**_queue(default.queue, story.queues), "fate": route.default_fate} if default else None,
    }


def _filter(rule: RouteFilter, queues: Mapping[str, str]) -> Payload:
    return {
        "filter_friendly_name": rule.name,
        "expression": rule.expression,
        "matches": rule.trace.held,
        "fate": rule.fate,
        "clauses": [_clause(clause) for clause in rule.trace.clauses],
        "targets": [_target(target, queues) for target in rule.targets],
    }


def _target(target: RouteTarget, queues: Mapping[str, str]) -> Payload:
    return {
        **_queue(target.rule.queue, queues),
        "expression": target.rule.expression.text if target.rule.expression else None,
        "priority": target.priority,
        "starts_at_age": target.starts_at_age,
        "ends_at_age": target.ends_at_age,
        "left_at_age": target.left_at_age,
        "fate": target.fate,
    }


def _queue(sid: str, queues: Mapping[str, str]) -> Payload:
    return {"task_queue_sid": sid, "task_queue_friendly_name": queues.get(sid)}


# --- waiting ---


def _waiting(story: TaskStory, waiting: Waiting) -> Payload:
    return {
        "position": waiting.position,
        "never": waiting.never,
        "next": [_coming(coming, story.queues) for coming in waiting.coming],
        "reasons": _reasons(waiting.counts),
        "workers": [_person(person) for person in waiting.people.items],
        **_paging(waiting.people),
    }


def _coming(coming: Coming, queues: Mapping[str, str]) -> Payload:
    step: Step | None = coming.leads_to
    leads = _queue(step.rule.queue, queues) if step else {"task_queue_sid": None, "task_queue_friendly_name": None}
    return {"event": coming.kind, "date": clock.iso(coming.at), **leads}


def _reasons(counts: Mapping[str, int]) -> list[Payload]:
    """Nearest to serving first."""
    letters = [letter for letter in NEAREST_FIRST if counts.get(letter)]
    return [{"reason": wording.CODES[letter], "workers": counts[letter]} for letter in letters]


# --- people ---


def _person(person: Person) -> Payload:
    return _worker(person.worker, person.detail)


def _standing(standing: Standing) -> Payload:
    detail = standing.detail
    return {
        **_worker(standing.worker, detail),
        "message": wording.standing(standing),
        "chosen": standing.chosen,
        "idle_since": clock.iso(standing.idle_since),
        "ranks": [{"order": order, "value": value} for order, value in standing.ranks],
    }


def _worker(worker: WorkerFacts, detail: Detail) -> Payload:
    return {
        "worker_sid": worker.sid,
        "worker_name": worker.friendly_name,
        **_verdict(detail),
    }


def _verdict(detail: Detail) -> Payload:
    return {
        "reason": wording.CODES[detail.letter],
        "message": wording.verdict(detail),
        "clauses": [_clause(clause) for clause in detail.clauses],
    }


def _clause(clause: Clause) -> Payload:
    return {
        "text": clause.text,
        "line": clause.line,
        "column": clause.column,
        "holds": clause.held,
        "found": [{"name": side.text, "value": side.value} for side in clause.found],
        "hint": clause.hint or None,
    }


# --- what a worker has, and what waits ---


def _channel(name: str, facts: WorkerFacts) -> Payload:
    channel = facts.channels[name]
    return {
        "task_channel": name,
        "configured_capacity": channel.configured_capacity,
        "load": channel.load,
        "available": channel.available,
    }


def _queue_share(share: QueueShare) -> Payload:
    return {
        "task_queue_sid": share.queue.sid,
        "task_queue_friendly_name": share.queue.friendly_name,
        "member": share.member,
        "clauses": [_clause(clause) for clause in share.clauses],
        "waiting": share.waiting,
        "place": share.place,
        "tasks": [_task_share(task) for task in share.head],
    }


def _task_share(share: TaskShare) -> Payload:
    return {**_task(share.task), **_verdict(share.detail)}


def _task(task: Task) -> Payload:
    return {
        "task_sid": task.sid,
        "task_channel": task.task_channel.unique_name,
        "priority": task.priority,
        "date_created": clock.iso(task.created_at),
    }


def _channel_share(channel: Channel) -> Payload:
    return {
        "task_channel": channel.name,
        "waiting": channel.waiting,
        "oldest": clock.iso(channel.oldest),
        "free": channel.free,
        "never": channel.never,
        "reasons": _reasons(channel.counts),
    }


def _reservation(row: Reservation) -> Payload:
    return {
        "reservation_sid": row.sid,
        "task_sid": row.task.sid,
        "worker_sid": row.worker.sid,
        "worker_name": row.worker.friendly_name,
        "reservation_status": row.reservation_status,
        "date_created": clock.iso(row.created_at),
        "date_ended": clock.iso(row.ended_at),
    }
