"""A task's way through its workflow as its page of reasons shows it, in the shape of a dry run."""

from dataclasses import dataclass
from datetime import timedelta

from routing.core.route import Route, RouteFilter, RouteTarget, TargetFate
from routing.explaining import wording
from routing.explaining.tasks import TaskStory
from routing.preview.trying import Gate, Stop, runs


@dataclass(frozen=True, slots=True)
class Way:
    """The filters from the top, and the default filter where the task is in it or can come to it."""

    gates: tuple[Gate, ...]
    default: Stop | None
    by_default: bool

    @property
    def runs(self) -> list[tuple[bool, list[Gate]]]:
        """The filters as the page shows them."""
        return runs(self.gates)


def way(story: TaskStory) -> Way | None:
    """None for a task without a workflow."""
    if story.route is None:
        return None
    gates = tuple(_gate(rule, story) for rule in story.route.filters)
    return Way(gates, _default(story.route, story), story.route.default_fate == "here")


def _gate(rule: RouteFilter, story: TaskStory) -> Gate:
    tell = wording.clause if not rule.trace.held else wording.fulfilled
    told = tuple(dict.fromkeys(tell(clause) for clause in rule.trace.clauses))
    stops = () if rule.fate == "unmatched" else tuple(_stop(target, story) for target in rule.targets)
    return Gate(rule, told, stops)


def _stop(target: RouteTarget, story: TaskStory) -> Stop:
    sid = target.rule.queue
    return Stop(
        target=target,
        queue=story.queues.get(sid, sid),
        priority=story.task.priority if target.priority is None else target.priority,
        ends_at=None if target.ends_at_age is None else story.task.created_at + timedelta(seconds=target.ends_at_age),
        staffing=None,
    )


def _default(route: Route, story: TaskStory) -> Stop | None:
    if route.default is None or route.default_fate == "shut":
        return None
    fate: TargetFate = "here" if route.default_fate == "here" else "ahead"
    return _stop(RouteTarget(0, route.default, route.default.priority, 0, None, fate), story)
