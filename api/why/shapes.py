"""The shapes of explanations, for the OpenAPI document; `routing.explaining.payloads` builds them."""

from typing import Any, get_args

from rest_framework import serializers

from api.shapes import Shape
from routing.core.route import DefaultFate, FilterFate, TargetFate
from routing.core.states import RESERVATION_ENDED, RESERVATION_OPEN, TASK_ENDED, TASK_LIVE
from routing.explaining.wording import CODES, HINTS
from routing.explaining.workers import Obstacle

REASONS = list(CODES.values())


def _choice(kind: Any, **more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=list(get_args(kind)), **more)


class FoundSerializer(Shape):
    name = serializers.CharField()
    value = serializers.CharField(help_text="as it would be written in an expression, at most 160 characters")


class ClauseSerializer(Shape):
    """A comparison that decided."""

    text = serializers.CharField()
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    holds = serializers.BooleanField(help_text="true behind a NOT: it holds and must not")
    found = FoundSerializer(many=True)
    hint = serializers.ChoiceField(choices=list(HINTS), allow_null=True, help_text="a likely mistake")


class ReasonCountSerializer(Shape):
    reason = serializers.ChoiceField(choices=REASONS)
    workers = serializers.IntegerField()


class VerdictSerializer(Shape):
    """What stands between a worker and a task."""

    reason = serializers.ChoiceField(choices=REASONS)
    message = serializers.CharField(help_text="the reason in a sentence, in the language of `Accept-Language`")
    clauses = ClauseSerializer(many=True)


class WorkerVerdictSerializer(VerdictSerializer):
    worker_sid = serializers.CharField()
    worker_name = serializers.CharField()


class QueueNameSerializer(Shape):
    task_queue_sid = serializers.CharField(allow_null=True)
    task_queue_friendly_name = serializers.CharField(allow_null=True)


class RouteTargetSerializer(QueueNameSerializer):
    expression = serializers.CharField(allow_null=True)
    priority = serializers.IntegerField(allow_null=True)
    starts_at_age = serializers.IntegerField(help_text="seconds of the task's age")
    ends_at_age = serializers.IntegerField(allow_null=True, help_text="null: holds the task until it expires")
    left_at_age = serializers.FloatField(allow_null=True)
    fate = _choice(TargetFate)


class RouteFilterSerializer(Shape):
    filter_friendly_name = serializers.CharField()
    expression = serializers.CharField()
    matches = serializers.BooleanField()
    fate = _choice(FilterFate)
    clauses = ClauseSerializer(many=True, help_text="why it matches, or does not")
    targets = RouteTargetSerializer(many=True)


class DefaultFilterSerializer(QueueNameSerializer):
    fate = _choice(DefaultFate)


class RouteSerializer(Shape):
    """Why this queue: the filters of the workflow version that the task follows, from the top."""

    workflow_sid = serializers.CharField(allow_null=True)
    workflow_friendly_name = serializers.CharField(allow_null=True)
    workflow_version = serializers.IntegerField(allow_null=True)
    outdated = serializers.BooleanField(help_text="the workflow has been changed since")
    filters = RouteFilterSerializer(many=True)
    default_filter = DefaultFilterSerializer(allow_null=True)


class ComingSerializer(QueueNameSerializer):
    """The queue is the one that the end of the step leads to; null: the task will be canceled."""

    event = serializers.ChoiceField(choices=["pause", "step", "expiry"])
    date = serializers.DateTimeField()


class PagedSerializer(Shape):
    count = serializers.IntegerField(help_text="of all pages")
    next_page_token = serializers.CharField(allow_null=True)


class WaitingSerializer(PagedSerializer):
    """Why it is still waiting; workers come in the order of how near they are to serving."""

    position = serializers.IntegerField(help_text="in its queue, from 1")
    never = serializers.BooleanField(help_text="nobody could serve it even if all were at work and had nothing to do")
    next = ComingSerializer(many=True)
    reasons = ReasonCountSerializer(many=True)
    workers = WorkerVerdictSerializer(many=True)


class ReservationSerializer(Shape):
    reservation_sid = serializers.CharField()
    task_sid = serializers.CharField()
    worker_sid = serializers.CharField()
    worker_name = serializers.CharField()
    reservation_status = serializers.ChoiceField(choices=[*RESERVATION_OPEN, *RESERVATION_ENDED])
    date_created = serializers.DateTimeField()
    date_ended = serializers.DateTimeField(allow_null=True)


class WhyTaskSerializer(Shape):
    task_sid = serializers.CharField()
    assignment_status = serializers.ChoiceField(choices=[*TASK_LIVE, *TASK_ENDED])
    reason = serializers.CharField()
    date = serializers.DateTimeField()
    route = RouteSerializer(allow_null=True)
    waiting = WaitingSerializer(allow_null=True)
    reservations = ReservationSerializer(many=True)


class RankSerializer(Shape):
    order = serializers.CharField()
    value = serializers.CharField()


class StandingSerializer(WorkerVerdictSerializer):
    """How a worker stood when the decision was made."""

    chosen = serializers.BooleanField()
    idle_since = serializers.DateTimeField(allow_null=True, help_text="last offer before; null: never had one")
    ranks = RankSerializer(many=True, help_text="what `order_by` asks, and what the worker has")


class WhyReservationSerializer(PagedSerializer):
    """`task_queue_sid` is null where nobody was compared: the task was put to this worker directly."""

    reservation_sid = serializers.CharField()
    task_sid = serializers.CharField()
    worker_sid = serializers.CharField()
    worker_name = serializers.CharField()
    reservation_status = serializers.ChoiceField(choices=[*RESERVATION_OPEN, *RESERVATION_ENDED])
    date = serializers.DateTimeField()
    task_queue_sid = serializers.CharField(allow_null=True)
    task_channel = serializers.CharField(allow_null=True)
    order_by = serializers.ListField(child=serializers.CharField())
    reasons = ReasonCountSerializer(many=True)
    workers = StandingSerializer(many=True)


class CapacitySerializer(Shape):
    task_channel = serializers.CharField()
    configured_capacity = serializers.IntegerField()
    load = serializers.IntegerField(help_text="offers, work in hand and wrapping up")
    available = serializers.BooleanField()


class WaitingTaskSerializer(Shape):
    task_sid = serializers.CharField()
    task_channel = serializers.CharField()
    priority = serializers.IntegerField()
    date_created = serializers.DateTimeField()


class TaskVerdictSerializer(VerdictSerializer, WaitingTaskSerializer):
    """A task that is served next, and what it says of the worker."""


class QueueShareSerializer(QueueNameSerializer):
    member = serializers.BooleanField()
    clauses = ClauseSerializer(many=True, help_text="why not")
    waiting = serializers.IntegerField()
    place = serializers.IntegerField(allow_null=True, help_text="in the line of those who are free; null: not free")
    tasks = TaskVerdictSerializer(many=True)


class WhyWorkerSerializer(PagedSerializer):
    worker_sid = serializers.CharField()
    worker_name = serializers.CharField()
    date = serializers.DateTimeField()
    activity_name = serializers.CharField()
    available = serializers.BooleanField()
    date_status_changed = serializers.DateTimeField()
    obstacle = _choice(Obstacle, help_text="the first thing that is in the way")
    message = serializers.CharField(help_text="the obstacle in a sentence")
    channels = CapacitySerializer(many=True)
    task_queues = QueueShareSerializer(many=True)
    refusals = ReservationSerializer(many=True)


class ChannelShareSerializer(Shape):
    task_channel = serializers.CharField()
    waiting = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    free = serializers.IntegerField(help_text="workers who could take one of the tasks that come first")
    never = serializers.BooleanField(help_text="nobody could ever serve it")
    reasons = ReasonCountSerializer(many=True)


class WhyTaskQueueSerializer(PagedSerializer):
    task_queue_sid = serializers.CharField()
    task_queue_friendly_name = serializers.CharField()
    target_workers = serializers.CharField()
    date = serializers.DateTimeField()
    waiting = serializers.IntegerField()
    task_channels = ChannelShareSerializer(many=True)
    tasks = WaitingTaskSerializer(many=True, help_text="those that are served next")
    task_channel = serializers.CharField(help_text="for which the workers are judged")
    workers = WorkerVerdictSerializer(many=True)
