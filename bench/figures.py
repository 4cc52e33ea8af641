"""Percentiles and their table."""

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie, by nearest rank.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0, 3.0, 4.0], 0.99)
    (2.0, 4.0)
    """
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, round(share * len(ranked) + 0.5) - 1))]


COLUMNS = ("figure", "p50", "p95", "p99", "floor", "p50 ÷ floor", "")


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

    @property
    def cells(self) -> list[str]:
        values = [f"{value:.1f} {self.unit}" for value in (self.p50, self.p95, self.p99, self.floor)]
        return [self.name, *values, f"{self.ratio:.1f}", self.note]


def of(name: str, values: Sequence[float], *, floor: float, unit: str = "ms", note: str = "") -> Figure:
    """The figure of a set of measurements."""
    return Figure(name, unit, percentile(values, 0.5), percentile(values, 0.95), percentile(values, 0.99), floor, note)
