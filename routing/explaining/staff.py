"""The workers of a workspace, with only what one explanation asks of them: ten thousand take a tenth of a second."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from agents.models import Activity, TaskChannel, Worker, WorkerChannel
from routing.core.expressions import Expression
from routing.core.facts import ChannelFacts, WorkerFacts


def staff(workspace_id: int, *, channels: Collection[str], numbers: Collection[int] | None = None) -> list[WorkerFacts]:
    """All workers, or those of the ``numbers``, with their capacity on these channels (unique names) and no others."""
    rows = Worker.objects.filter(workspace_id=workspace_id)
    if numbers is not None:
        rows = rows.filter(pk__in=numbers)
    capacity = _capacity(workspace_id, channels, numbers)
    known = Activity.objects.filter(workspace_id=workspace_id).values_list("pk", "sid", "friendly_name", "available")
    activities = {pk: (sid, name, available) for pk, sid, name, available in known}
    values = rows.order_by("pk").values_list(
        "sid", "pk", "friendly_name", "activity_id", "attributes", "last_assigned_at"
    )
    return [
        WorkerFacts(sid, pk, name, *activities[activity], attributes, capacity[pk], _seconds(at))
        for sid, pk, name, activity, attributes, at in values
    ]


def _capacity(
    workspace_id: int, names: Collection[str], numbers: Collection[int] | None
) -> dict[int, dict[str, ChannelFacts]]:
    channels = dict(TaskChannel.objects.filter(workspace_id=workspace_id).values_list("pk", "unique_name"))
    rows = WorkerChannel.objects.filter(task_channel_id__in=[pk for pk, name in channels.items() if name in names])
    if numbers is not None:
        rows = rows.filter(worker_id__in=numbers)
    found: dict[int, dict[str, ChannelFacts]] = defaultdict(dict)
    values = rows.values_list(
        "worker_id", "task_channel_id", "configured_capacity", "available", "load", "assigned", "last_assigned_at"
    )
    for worker, channel, capacity, available, load, assigned, at in values:
        found[worker][channels[channel]] = ChannelFacts(capacity, available, load, assigned, _seconds(at))
    return found


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def optimized(workspace_id: int) -> frozenset[str]:
    """The channels that have a line of their own."""
    rows = TaskChannel.objects.filter(workspace_id=workspace_id, channel_optimized_routing=True)
    return frozenset(rows.values_list("unique_name", flat=True))


def channel_names(workspace_id: int) -> dict[str, str]:
    """What people call the channels, by the names that expressions and programs use."""
    rows = TaskChannel.objects.filter(workspace_id=workspace_id)
    return dict(rows.order_by("friendly_name", "pk").values_list("unique_name", "friendly_name"))


def named_channels(expressions: Iterable[Expression | None]) -> frozenset[str]:
    """The channels whose load the expressions ask of a worker."""
    paths = (path for expression in expressions if expression for path in expression.paths("worker"))
    return frozenset(str(path[1]) for path in paths if path[0] == "channel" and len(path) > 1)
