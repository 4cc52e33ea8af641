"""The report's drawings, as SVG: waiting by queue, service level and waiting over the period. No script, no style of
their own on a page: the style sheet's classes `rp-…` colour them, in the dark as well."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext

from routing.replaying.figures import duration, share

Report = dict[str, Any]

WIDTH: Final = 460
LEFT: Final = 46
RIGHT: Final = 10
BARS: Final = 10
ROW: Final = 40
LINES_HEIGHT: Final = 210
HOUR: Final = 3600
MAX_NAME: Final = 34

# For a file that stands alone; on a page `static/admin_extra/replay.css` says the same.
STYLE: Final = """
.rp-text{fill:#3f4254;font:13px system-ui,sans-serif}.rp-soft{fill:#6b6f82;font:11px system-ui,sans-serif}
.rp-grid{stroke:#dcdee6}.rp-before{fill:#9aa0b4;stroke:#767c92}.rp-after{fill:#4f46c8;stroke:#4f46c8}
.rp-real{stroke:#3f4254}.rp-line{fill:none;stroke-width:2}.rp-before.rp-line{stroke-dasharray:5 3}
.rp-real.rp-line{stroke-dasharray:1 3;stroke-linecap:round}.rp-sheet{fill:#fff}
@media(prefers-color-scheme:dark){.rp-text{fill:#e8e9f0}.rp-soft{fill:#a3a7b8}.rp-grid{stroke:#3a3d4c}
.rp-before{fill:#6d7286;stroke:#9aa0b4}.rp-after{fill:#9d97f5;stroke:#9d97f5}.rp-real{stroke:#e8e9f0}
.rp-sheet{fill:#16171f}}
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing: ``title`` and ``summary`` tell it to who does not see it."""

    name: str
    title: str
    summary: str
    height: int
    body: str

    def svg(self) -> str:
        """For a page."""
        return (
            f'<svg class="rp-plot" viewBox="0 0 {WIDTH} {self.height}" role="img"'
            f' aria-labelledby="rp-{self.name}-title rp-{self.name}-desc">'
            f'<title id="rp-{self.name}-title">{escape(self.title)}</title>'
            f'<desc id="rp-{self.name}-desc">{escape(self.summary)}</desc>{self.body}</svg>'
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One of the courses as it is drawn."""

    kind: str
    label: str


def panels(report: Report) -> list[Panel]:
    """Those for which there is anything to draw."""
    hours = report["hours"]
    drawn = [_queues(report["queues"])] if report["queues"] else []
    if len(hours) > 1:
        drawn.append(_service_level(hours))
        drawn.append(_waiting(hours))
    return drawn


def standalone(report: Report) -> str:
    """All of them under one another in a file that needs no style sheet."""
    drawn, top, parts = panels(report), 12, []
    for panel in drawn:
        parts.append(f'<text x="8" y="{top + 14}" class="rp-text" font-weight="600">{escape(panel.title)}</text>')
        parts.append(f'<g transform="translate(0 {top + 24})">{panel.body}</g>')
        top += panel.height + 40
    title = escape(gettext("Replay"))
    summary = escape(" ".join(panel.summary for panel in drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH * 2}" role="img"'
        f' aria-labelledby="title desc"><title id="title">{title}</title><desc id="desc">{summary}</desc>'
        f'<style>{STYLE}</style><rect class="rp-sheet" width="100%" height="100%"/>{"".join(parts)}</svg>\n'
    )


# --- bars ---


def _queues(queues: list[dict[str, Any]]) -> Panel:
    shown = queues[:BARS]
    runs = _compared()
    longest = max((line[run.kind]["p90"] or 0.0 for line in shown for run in runs), default=0.0) or 1.0
    body = [_legend(runs)]
    for place, line in enumerate(shown):
        body += _bars(line, runs, top=26 + place * (ROW + 12), longest=longest)
    told = "; ".join(_told_queue(line) for line in shown)
    summary = gettext("Mean waiting time of each queue; the thin line reaches to what nine of ten stay below.")
    height = 26 + len(shown) * (ROW + 12)
    return Panel("queues", gettext("Waiting time by queue"), f"{summary} {told}", height, "".join(body))


def _bars(line: dict[str, Any], runs: list[Run], *, top: int, longest: float) -> Iterator[str]:
    name = line["name"] if len(line["name"]) <= MAX_NAME else line["name"][: MAX_NAME - 1] + "…"
    yield f'<text x="8" y="{top + 10}" class="rp-text">{escape(name)}</text>'
    whole = WIDTH - 8 - 62
    for place, run in enumerate(runs):
        mean, p90 = line[run.kind]["mean"] or 0.0, line[run.kind]["p90"] or 0.0
        y, width, reach = top + 17 + place * 14, whole * mean / longest, whole * p90 / longest
        yield f'<rect class="rp-{run.kind}" x="8" y="{y}" width="{max(1.0, width):.1f}" height="10" rx="2"/>'
        if reach > width:
            yield f'<path class="rp-{run.kind} rp-reach" d="M{8 + width:.1f} {y + 5}H{8 + reach:.1f}m0 -3v6"/>'
        at = 8 + max(width, reach) + 5
        yield f'<text x="{at:.1f}" y="{y + 9}" class="rp-soft">{duration(line[run.kind]["mean"])}</text>'


def _told_queue(line: dict[str, Any]) -> str:
    before, after = duration(line["before"]["mean"]), duration(line["after"]["mean"])
    return gettext("%(queue)s: before %(before)s, after %(after)s") % {
        "queue": line["name"],
        "before": before,
        "after": after,
    }


# --- lines over the period ---


def _service_level(hours: list[dict[str, Any]]) -> Panel:
    body = _lines(hours, "service_level", top_value=1.0, label=share)
    summary = gettext("Share of the tasks of each hour that were accepted in time.")
    told = _told_hours(hours, "service_level", share)
    return Panel("level", gettext("Service level by hour"), f"{summary} {told}", LINES_HEIGHT, body)


def _waiting(hours: list[dict[str, Any]]) -> Panel:
    values = [hour[run.kind]["mean"] or 0.0 for hour in hours for run in _all_runs()]
    body = _lines(hours, "mean", top_value=max(values) or 1.0, label=duration)
    summary = gettext("Mean waiting time of the tasks of each hour.")
    told = _told_hours(hours, "mean", duration)
    return Panel("waiting", gettext("Waiting time by hour"), f"{summary} {told}", LINES_HEIGHT, body)


def _lines(hours: list[dict[str, Any]], key: str, *, top_value: float, label: Callable[[float | None], str]) -> str:
    top, bottom = 30, LINES_HEIGHT - 24
    first, last = float(hours[0]["at"]), float(hours[-1]["at"])

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - first) / (last - first)

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / top_value

    body = [_legend(_all_runs())]
    for part in (0.0, 0.5, 1.0):
        at = y(part * top_value)
        body.append(f'<path class="rp-grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        text = label(part * top_value)
        body.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end" class="rp-soft">{text}</text>')
    body += [_tick(at, x(at), long=last - first > 36 * HOUR) for at in _ticks(first, last)]
    for run in _all_runs():
        points = [(x(hour["at"]), hour[run.kind][key], hour["at"]) for hour in hours]
        body.append(f'<path class="rp-{run.kind} rp-line" d="{_path(points, y)}"/>')
    return "".join(body)


def _path(points: Iterable[tuple[float, float | None, float]], y: Callable[[float], float]) -> str:
    """Hours without a task leave a gap; one that stands alone is a dot."""
    found, previous = [], None
    for x, value, at in points:
        if value is None:
            continue
        joined = previous is not None and at - previous <= HOUR
        found.append(f"{'L' if joined else 'M'}{x:.1f} {y(value):.1f}" + ("" if joined else "h.1"))
        previous = at
    return "".join(found)


def _ticks(first: float, last: float) -> Iterator[float]:
    """Five or six moments: whole hours, or whole days of a long period."""
    unit = HOUR if last - first <= 36 * HOUR else 24 * HOUR
    step = max(1, round((last - first) / unit / 5)) * unit
    at = -(-first // unit) * unit
    while at <= last:
        yield at
        at += step


def _tick(at: float, x: float, *, long: bool) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    text = date_format(moment, "MONTH_DAY_FORMAT") if long else f"{moment:%H:%M}"
    return f'<text x="{x:.1f}" y="{LINES_HEIGHT - 8}" text-anchor="middle" class="rp-soft">{escape(text)}</text>'


def _told_hours(hours: list[dict[str, Any]], key: str, label: Callable[[float | None], str]) -> str:
    def worst(kind: str) -> float | None:
        values = [hour[kind][key] for hour in hours if hour[kind][key] is not None]
        return None if not values else (min(values) if key == "service_level" else max(values))

    return gettext("In the worst hour: before %(before)s, after %(after)s.") % {
        "before": label(worst("before")),
        "after": label(worst("after")),
    }


# --- both ---


def _compared() -> list[Run]:
    return [Run("before", gettext("replayed as it was")), Run("after", gettext("with the new document"))]


def _all_runs() -> list[Run]:
    return [Run("real", gettext("what happened")), *_compared()]


def _legend(runs: list[Run]) -> str:
    parts, x = [], 8.0
    for run in runs:
        parts.append(f'<path class="rp-{run.kind} rp-line" d="M{x:.0f} 9h18"/>')
        parts.append(f'<text x="{x + 23:.0f}" y="13" class="rp-soft">{escape(run.label)}</text>')
        x += 29 + 5.3 * len(run.label)
    return "".join(parts)
