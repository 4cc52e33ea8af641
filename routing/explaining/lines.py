"""Tasks in the order in which they are served."""

from django.db.models import QuerySet

from routing import queries
from routing.models import Task, TaskOrder, TaskQueue


def in_line(queue: TaskQueue) -> QuerySet[Task]:
    """The tasks that wait in the queue, whoever is next first."""
    waiting = queries.tasks().filter(task_queue=queue, assignment_status="pending")
    if queue.task_order == TaskOrder.LIFO:
        return waiting.order_by("-virtual_start_time", "-pk")
    return waiting.order_by("-priority", "virtual_start_time", "pk")
