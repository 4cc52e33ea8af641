"""The views: each reads the request, and asks for one explanation."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import View, actor_of, query
from api.why import operations
from api.why.serializers import PageQuery, PeopleQuery, QueueQuery
from routing import explaining
from routing.explaining import payloads


class Why(View):
    """The scope of all of them."""

    scopes: ClassVar = {"GET": ("routing:read",), "HEAD": ("routing:read",)}


class Task(Why):
    """A task."""

    @extend_schema(**operations.TASK)
    def get(self, request: Request, sid: str) -> Response:
        """Why a task is in its queue, and why it is still waiting."""
        story = explaining.task(sid, actor=actor_of(request), ask=query(request, PeopleQuery).ask())
        return Response(payloads.task_payload(story))


class Reservation(Why):
    """An offer."""

    @extend_schema(**operations.RESERVATION)
    def get(self, request: Request, sid: str) -> Response:
        """Why a task was offered to this worker, and why not to the others."""
        story = explaining.offer(sid, actor=actor_of(request), ask=query(request, PeopleQuery).ask())
        return Response(payloads.offer_payload(story))


class Worker(Why):
    """A worker."""

    @extend_schema(**operations.WORKER)
    def get(self, request: Request, sid: str) -> Response:
        """Why a worker gets nothing."""
        story = explaining.worker(sid, actor=actor_of(request), ask=query(request, PageQuery).ask())
        return Response(payloads.worker_payload(story))


class TaskQueue(Why):
    """A queue."""

    @extend_schema(**operations.TASK_QUEUE)
    def get(self, request: Request, sid: str) -> Response:
        """What waits in a queue, and who could serve it."""
        wanted = query(request, QueueQuery)
        story = explaining.queue(sid, actor=actor_of(request), ask=wanted.ask())
        return Response(payloads.queue_payload(story))
