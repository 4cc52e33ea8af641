"""Writes a decision: one transaction under the router's lease, in which each write can be refused by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from django.db import OperationalError, transaction

from agents.models import Worker
from eventlog.leases import Lease
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from routing import queries
from routing.actions import advance, cancel_task, offer
from routing.actions.tasks import WORKFLOW_TIMEOUT
from routing.core.decide import Decision
from routing.core.facts import TaskFacts
from routing.models import Task

logger = structlog.get_logger(__name__)

Write = Callable[[Task], object]


@dataclass(slots=True)
class Refused:
    """What is not as the decision took it to be, and has to be read again. ``broken`` tasks failed in another way."""

    tasks: set[str] = field(default_factory=set)
    workers: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)


def write_decision(decision: Decision, lease: Lease, *, now: datetime) -> Refused:
    """Write all that still fits the tables; ``now`` is the database's time.

    Raises LostLease, having written nothing, when another router has the workspace.
    """
    refused = Refused()
    with transaction.atomic():
        lease.guard()
        facts = [*(move.task for move in decision.moves), *decision.timeouts, *(each.task for each in decision.offers)]
        tasks = {task.sid: task for task in queries.locked_pending([task.sid for task in facts])}
        for move in decision.moves:
            _attempt(move.task, partial(advance, step=move.step), tasks, refused)
        for timeout in decision.timeouts:
            _attempt(timeout, partial(cancel_task, actor=SYSTEM, reason=WORKFLOW_TIMEOUT), tasks, refused)
        _write_offers(decision, tasks, refused, now=now)
    return refused


def _write_offers(decision: Decision, tasks: dict[str, Task], refused: Refused, *, now: datetime) -> None:
    sids = {each.worker_sid for each in decision.offers}
    workers = {worker.sid: worker for worker in Worker.objects.select_related("workspace").filter(sid__in=sids)}
    for each in decision.offers:
        worker = workers.get(each.worker_sid)
        if worker is None:
            refused.tasks.add(each.task.sid)
        elif _attempt(each.task, partial(offer, worker=worker, now=now), tasks, refused):
            continue
        refused.workers.add(each.worker_sid)


def _attempt(facts: TaskFacts, write: Write, tasks: dict[str, Task], refused: Refused) -> bool:
    """Write about one task. The verb has a savepoint of its own: one bad row must not hold up the others."""
    task = tasks.get(facts.sid)
    if task is None or task.version != facts.version:
        refused.tasks.add(facts.sid)
        return False
    try:
        write(task)
    except DomainError:
        refused.tasks.add(facts.sid)
    except OperationalError:  # Not this row's fault: a deadlock, or the database is gone.
        raise
    except Exception:
        logger.exception("router set a task aside", task=facts.sid)
        refused.broken.add(facts.sid)
    else:
        return True
    return False
