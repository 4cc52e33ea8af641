"""A report as a table for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from routing.replaying.figures import duration, share

_MOVES: Final = 10

GRADES: Final = {
    "good": _("The replay of what happened comes close to what happened: trust the differences."),
    "fair": _("The replay of what happened is somewhat off: trust large differences only."),
    "poor": _("The replay of what happened is far off: do not trust the differences."),
    "few": _("There are too few tasks to tell how far to trust this."),
}


def table(report: dict[str, Any]) -> str:
    """What happened, what the replay makes of it, and what the new document would have made of it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"Tasks: {report['tasks']}, of them by this workflow: {report['workflow_tasks']}."
    yield ""
    yield from _columns(_queue_rows(report))
    yield ""
    moved = report["moved"]
    yield f"Tasks that would have gone to another queue: {moved['count']}."
    for flow in moved["flows"][:_MOVES]:
        yield f"  {flow['count']:>6}  {flow['from'] or '-'} -> {flow['to'] or '-'}"
    agents = report["agents"]
    old, new = (f"{value or 0:.1f}" for value in agents["at_once"])
    yield (
        f"Agents were busy {share(agents['before'])} of their time, with {old} tasks at once;"
        f" it would have been {share(agents['after'])}, with {new}."
    )
    yield ""
    fidelity = report["fidelity"]
    yield str(GRADES[fidelity["grade"]])
    yield (
        f"In the replay {share(fidelity['same_queue'])} of the tasks are in the queue where they were,"
        f" {share(fidelity['same_agent'])} with the same agent; half of the waiting times are off by at most"
        f" {duration(fidelity['typical_error'])}."
    )


def _queue_rows(report: dict[str, Any]) -> Iterator[Sequence[str]]:
    yield ("queue", "", "tasks", "accepted", "canceled", "mean", "p50", "p90", "max", "in time")
    for line in [*report["queues"], {"name": "all", **report["overall"]}]:
        for kind, label in (("real", "happened"), ("before", "replayed"), ("after", "instead")):
            values = line[kind]
            counts = (str(values[key]) for key in ("tasks", "accepted", "canceled"))
            times = (duration(values[key]) for key in ("mean", "p50", "p90", "longest"))
            yield (line["name"] if kind == "real" else "", label, *counts, *times, share(values["service_level"]))


def _columns(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Two columns of words, the others of figures."""
    found = list(rows)
    widths = [max(len(row[place]) for row in found) for place in range(len(found[0]))]
    for row in found:
        words = [row[place].ljust(widths[place]) for place in (0, 1)]
        figures = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        yield "  ".join([*words, *figures]).rstrip()
