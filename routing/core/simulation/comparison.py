"""Reality, its replay, and the replay of something else, side by side: the report of a replay as plain JSON."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from routing.core.simulation.measures import ACCEPTED, NOWHERE, UNKNOWN, Measures, Outcomes, Summary, grouped, summary
from routing.core.workflow import DEFAULT_FILTER, Workflow

LISTED_TASKS: Final = 1000
LISTED_AGENTS: Final = 500
LISTED_FLOWS: Final = 50
HOUR_SECONDS: Final = 3600
FEW_TASKS: Final = 30

GOOD: Final = (5.0, 0.15, 0.03)
FAIR: Final = (15.0, 0.35, 0.10)
"""How far the replay of what happened may be off: in seconds or by that share, whichever is more, and in points of
service level."""


@dataclass(frozen=True, slots=True)
class Course:
    """Three ways that the same tasks went. The first ``count`` lines are the period's own; the others came before it.

    ``document`` gives the workflow that a task followed in reality, ``draft`` that it follows instead, if any.
    """

    count: int
    created: "array[float]"
    real: Outcomes
    before: Measures
    after: Measures
    within: float
    document: Callable[[int], Workflow | None]
    draft: Callable[[int], Workflow | None]


def report(course: Course, *, names: Mapping[str, str], agents: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    """``names`` calls queues by name, ``agents`` has sid and name by number. Tasks are listed by their line."""
    return {
        "tasks": course.count,
        "carried": len(course.before.outcomes) - course.count,
        "overall": _three(course, (range(course.count),) * 3),
        "queues": _queues(course, names),
        "hours": _hours(course),
        "moved": _moved(course, names),
        "agents": _agents(course, agents),
        "fidelity": fidelity(course),
    }


def _summaries(course: Course, numbers: Iterable[Iterable[int]]) -> Iterator[Summary]:
    runs = (course.real, course.before.outcomes, course.after.outcomes)
    return (summary(run, each, within=course.within) for run, each in zip(runs, numbers, strict=True))


def _three(course: Course, numbers: Iterable[Iterable[int]]) -> dict[str, Any]:
    kinds = zip(("real", "before", "after"), _summaries(course, numbers), strict=True)
    return {kind: _rounded(asdict(each)) for kind, each in kinds}


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()}


def _queues(course: Course, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A line for each queue in which a task ended up in any of the three, the busiest first."""
    runs = (course.real, course.before.outcomes, course.after.outcomes)
    columns = [dict(grouped(run.queues, range(course.count))) for run in runs]
    found = sorted({key for column in columns for key in column} - {NOWHERE})
    lines = []
    for key in found:
        sid = course.real.queue_names[key]
        members = [column.get(key, []) for column in columns]
        lines.append({"sid": sid, "name": names.get(sid, sid)} | _three(course, members))
    return sorted(lines, key=lambda line: (-line["before"]["tasks"], line["name"]))


def _hours(course: Course) -> list[dict[str, Any]]:
    """Each hour of the period, by when the tasks came; of days with none of them nothing."""
    hours: dict[int, list[int]] = {}
    for number in range(course.count):
        hours.setdefault(int(course.created[number] // HOUR_SECONDS), []).append(number)
    return [{"at": hour * HOUR_SECONDS} | _hour(course, numbers) for hour, numbers in sorted(hours.items())]


def _hour(course: Course, numbers: list[int]) -> dict[str, Any]:
    three = _three(course, (numbers,) * 3)
    kept = ("tasks", "mean", "p90", "service_level")
    return {kind: {key: values[key] for key in kept} for kind, values in three.items()}


# --- moved tasks ---


def _moved(course: Course, names: Mapping[str, str]) -> dict[str, Any]:
    """Tasks that went to another queue than before, and why."""
    before, after = course.before.outcomes, course.after.outcomes
    moved = [number for number in range(course.count) if before.queues[number] != after.queues[number]]
    flows = Counter((before.queue(number), after.queue(number)) for number in moved)
    return {
        "count": len(moved),
        "flows": [
            {"from": names.get(old, old), "to": names.get(new, new), "count": count}
            for (old, new), count in flows.most_common(LISTED_FLOWS)
        ],
        "listed": [_moved_task(course, number, names) for number in moved[:LISTED_TASKS]],
    }


def _moved_task(course: Course, number: int, names: Mapping[str, str]) -> dict[str, Any]:
    before, after = course.before.outcomes, course.after.outcomes
    return {
        "line": number,
        "at": round(course.created[number], 3),
        "from": names.get(before.queue(number), before.queue(number)),
        "to": names.get(after.queue(number), after.queue(number)),
        "waits": [round(before.waits[number], 1), round(after.waits[number], 1)],
        "ends": [before.ends[number], after.ends[number]],
        "why": why_moved(course, number),
    }


def why_moved(course: Course, number: int) -> dict[str, Any]:
    """``filter``: another filter took the task; ``step``: it got further, or less far; ``queue``: the same step leads
    elsewhere."""
    before, after = course.before.outcomes, course.after.outcomes
    old = filter_name(course.document(number), before.filters[number])
    new = filter_name(course.draft(number), after.filters[number])
    if old != new:
        return {"because": "filter", "from": old, "to": new}
    if before.targets[number] != after.targets[number]:
        return {"because": "step", "from": before.targets[number] + 1, "to": after.targets[number] + 1}
    return {"because": "queue", "from": old, "to": new}


def filter_name(workflow: Workflow | None, index: int) -> str:
    """The filter's name, or its expression where it has none; empty for the default filter."""
    if workflow is None or index == DEFAULT_FILTER or index >= len(workflow.filters):
        return ""
    chosen = workflow.filters[index]
    return chosen.name or chosen.expression.text


# --- agents ---


def _agents(course: Course, agents: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    """How much of their time they were busy; those listed for whom most changes."""
    before, after = course.before.occupancy, course.after.occupancy
    shares = [(number, before.share(number), after.share(number)) for number in sorted(before.present)]
    known = [(number, old, new) for number, old, new in shares if old is not None and new is not None]
    known.sort(key=lambda line: -abs(line[2] - line[1]))
    return {
        "count": len(known),
        "before": _round(before.total()),
        "after": _round(after.total()),
        "at_once": [_round(before.at_once()), _round(after.at_once())],
        "listed": [
            {"sid": agents[number][0], "name": agents[number][1], "before": _round(old), "after": _round(new)}
            for number, old, new in known[:LISTED_AGENTS]
        ],
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


# --- how far to trust it ---


def fidelity(course: Course) -> dict[str, Any]:
    """How near the replay of what happened comes to what happened, and ``grade`` in a word."""
    real, before = course.real, course.before.outcomes
    whole = range(course.count)
    known = [number for number in whole if real.ends[number] != UNKNOWN]
    accepted = [number for number in known if real.ends[number] == ACCEPTED == before.ends[number]]
    happened, replayed, _ = _summaries(course, (whole, whole, ()))
    return {
        "grade": _grade(happened, replayed),
        "tasks": len(known),
        "same_end": _share(known, lambda number: real.ends[number] == before.ends[number]),
        "same_queue": _share(known, lambda number: real.queues[number] == before.queues[number]),
        "same_agent": _share(accepted, lambda number: real.workers[number] == before.workers[number]),
        "typical_error": _typical_error(real, before, accepted),
    }


def _share(numbers: list[int], holds: Callable[[int], bool]) -> float | None:
    return round(sum(1 for number in numbers if holds(number)) / len(numbers), 4) if numbers else None


def _typical_error(real: Outcomes, before: Outcomes, numbers: list[int]) -> float | None:
    """By how many seconds the waiting time of half of the tasks is off at most."""
    return round(median(abs(real.waits[each] - before.waits[each]) for each in numbers), 1) if numbers else None


def _grade(real: Summary, before: Summary) -> str:
    if real.accepted < FEW_TASKS:
        return "few"
    if _within(real, before, GOOD):
        return "good"
    return "fair" if _within(real, before, FAIR) else "poor"


def _within(real: Summary, before: Summary, limits: tuple[float, float, float]) -> bool:
    seconds, share, points = limits
    times = ((real.mean, before.mean), (real.p50, before.p50), (real.p90, before.p90))
    close = all(abs((old or 0.0) - (new or 0.0)) <= max(seconds, share * (old or 0.0)) for old, new in times)
    return close and abs((real.service_level or 0.0) - (before.service_level or 0.0)) <= points
