"""Percentiles and the table."""

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie, by nearest rank.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0, 3.0, 4.0], 0.99)
    (2.0, 4.0)
    """
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, round(share * len(ranked) + 0.5) - 1))]


@dataclass(frozen=True)
class Figure:
    """One line: what, its p50, p95 and p99, the floor's p50, and how many were lost."""

    name: str
    unit: str
    p50: float
    p95: float
    p99: float
    floor: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many floors the median is."""
        return self.p50 / self.floor if self.floor else float("nan")


def of(name: str, values: Sequence[float], *, floor: float, unit: str = "ms", note: str = "") -> Figure:
    """The figure of a set of measurements."""
    return Figure(name, unit, percentile(values, 0.5), percentile(values, 0.95), percentile(values, 0.99), floor, note)


def table(figures: Sequence[Figure]) -> str:
    """Markdown, ready for a note."""
    lines = ["| figure | p50 | p95 | p99 | floor | p50 ÷ floor | |", "|---|---|---|---|---|---|---|"]
    for row in figures:
        cells = [f"{value:.1f} {row.unit}" for value in (row.p50, row.p95, row.p99, row.floor)]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {row.ratio:.1f} | {row.note} |")
    return "\n".join(lines)
