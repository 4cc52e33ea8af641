"""Reads over tasks and reservations."""

from django.db.models import Q, QuerySet

from agents.models import Worker, Workspace
from kernel.errors import NotFound
from routing.core.states import RESERVATION_OPEN
from routing.models import Reservation, Task, TaskOrder, TaskQueue, Transfer, Workflow


def tasks() -> QuerySet[Task]:
    """Tasks with all that their payload and their access check need."""
    return Task.objects.select_related("workspace__account", "workflow", "task_queue", "task_channel")


def reservations() -> QuerySet[Reservation]:
    """Reservations with all that their payload and their access check need."""
    return Reservation.objects.select_related(
        "worker__workspace__account",
        "task__workspace__account",
        "task__workflow",
        "task__task_queue",
        "task__task_channel",
    )


def task(sid: str) -> Task:
    """Raises NotFound."""
    row = tasks().filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no task %(sid)s.", params={"sid": sid})
    return row


def reservation(sid: str) -> Reservation:
    """Raises NotFound."""
    row = reservations().filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no reservation %(sid)s.", params={"sid": sid})
    return row


def task_queue(workspace: Workspace, name: str) -> TaskQueue:
    """The queue of that sid or name; raises NotFound."""
    row = TaskQueue.objects.filter(Q(sid=name) | Q(friendly_name=name), workspace=workspace).first()
    if row is None:
        raise NotFound("There is no task queue %(name)s.", params={"name": name})
    return row


def workflow(workspace: Workspace, name: str) -> Workflow:
    """The workflow of that sid or name; raises NotFound."""
    row = Workflow.objects.filter(Q(sid=name) | Q(friendly_name=name), workspace=workspace).first()
    if row is None:
        raise NotFound("There is no workflow %(name)s.", params={"name": name})
    return row


def open_reservations(worker: Worker) -> QuerySet[Reservation]:
    """What the worker is asked, works on or wraps up, oldest first."""
    return reservations().filter(worker=worker, reservation_status__in=RESERVATION_OPEN).order_by("created_at", "pk")


def locked_offers(worker: Worker) -> list[Task]:
    """The tasks that the worker is asked about, locked until the transaction ends; verbs lock them before him."""
    asked = Task.objects.filter(reservations__worker=worker, reservations__reservation_status="pending")
    return list(Task.objects.select_for_update().filter(pk__in=asked.values("pk")).order_by("pk"))


def begun_transfers(worker: Worker) -> QuerySet[Transfer]:
    """The open transfers that the worker has begun and may cancel."""
    return transfers().filter(initiating_reservation__worker=worker, status="initiated").order_by("pk")


def standing(task: Task) -> list[Reservation]:
    """The open reservations of a task in the order of their places: who has it, and who is asked."""
    rows = reservations().filter(task=task, reservation_status__in=RESERVATION_OPEN).order_by("place")
    found = list(rows)
    for row in found:
        row.task = task
    return found


def offers(task: Task) -> list[Reservation]:
    """Who is asked about the task and has not answered."""
    return [row for row in standing(task) if row.reservation_status == "pending"]


def holders(task: Task) -> list[Reservation]:
    """Who has the task: nobody, one, or after a warm transfer more."""
    return [row for row in standing(task) if row.reservation_status != "pending"]


def transfers() -> QuerySet[Transfer]:
    """Transfers with all that their payload and their access check need."""
    return Transfer.objects.select_related(
        "initiating_reservation__worker__workspace__account",
        "task__workspace__account",
        "task__workflow",
        "task__task_queue",
        "task__task_channel",
    )


def transfer(sid: str) -> Transfer:
    """Raises NotFound."""
    row = transfers().filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no transfer %(sid)s.", params={"sid": sid})
    return row


def open_transfer(task: Task) -> Transfer | None:
    """The transfer by which the task is on its way to somebody else."""
    row = transfers().filter(task=task, status="initiated").first()
    if row is not None:
        row.task = task
    return row


def locked_pending(numbers: list[int]) -> list[Task]:
    """Those of these tasks that are still pending, locked in the order of their numbers until the transaction ends."""
    rows = tasks().filter(pk__in=numbers, assignment_status="pending").order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def following(workflow: Workflow) -> QuerySet[Task]:
    """The tasks that wait by a version of the workflow: a further one leaves them there, or calls them over."""
    rows = Task.objects.filter(workspace=workflow.workspace_id, workflow=workflow, assignment_status="pending")
    return rows.filter(filter_index__isnull=False)


def in_line(queue: TaskQueue) -> QuerySet[Task]:
    """The tasks that wait in the queue, whoever is next first."""
    waiting = tasks().filter(task_queue=queue, assignment_status="pending")
    if queue.task_order == TaskOrder.LIFO:
        return waiting.order_by("-virtual_start_time", "-pk")
    return waiting.order_by("-priority", "virtual_start_time", "pk")


def position(task: Task) -> int:
    """The task's place in its queue, 1 being next; 0 when it does not wait."""
    if task.assignment_status != "pending" or task.task_queue is None:
        return 0
    waiting = Task.objects.filter(task_queue=task.task_queue, assignment_status="pending")
    return 1 + waiting.filter(_ahead_of(task, task.task_queue)).count()


def _ahead_of(task: Task, queue: TaskQueue) -> Q:
    if queue.task_order == TaskOrder.LIFO:
        return Q(virtual_start_time__gt=task.virtual_start_time) | Q(
            virtual_start_time=task.virtual_start_time, pk__gt=task.pk
        )
    return (
        Q(priority__gt=task.priority)
        | Q(priority=task.priority, virtual_start_time__lt=task.virtual_start_time)
        | Q(priority=task.priority, virtual_start_time=task.virtual_start_time, pk__lt=task.pk)
    )
