"""What a measurement says: a table, and checks of what was promised."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Check:
    """A promise and what came of it. Ratios and counts hold on any machine; times and rates depend on it."""

    what: str
    value: float
    sign: Literal["≥", "≤"]
    limit: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        """
        >>> Check("drained", 3.2, "≥", 3).met, Check("doubles", 1, "≤", 0, "").met
        (True, False)
        """
        return self.value >= self.limit if self.sign == "≥" else self.value <= self.limit

    @property
    def portable(self) -> bool:
        """Whether the verdict means the same on every machine."""
        return self.unit in ("×", "", "bytes")


@dataclass(slots=True)
class Section:
    """One figure or a few of a kind. ``notes`` say what is left out, or was skipped and why."""

    title: str
    columns: Sequence[str] = ()
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        parts = [f"### {self.title}", ""]
        if self.rows:
            parts += [table(self.columns, self.rows), ""]
        parts += [f"- {note}" for note in self.notes]
        return "\n".join(parts).rstrip() + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def verdicts(checks: Sequence[Check]) -> str:
    """All promises in one table."""
    rows = [
        [
            check.what,
            f"{check.sign} {number(check.limit)} {check.unit}".rstrip(),
            f"{number(check.value)} {check.unit}".rstrip(),
            ("met" if check.met else "**missed**") + ("" if check.portable else " (here)"),
        ]
        for check in checks
    ]
    return table(["promise", "wanted", "measured", ""], rows)


def ratio(values: Sequence[float], floors: Sequence[float]) -> float:
    """The median of the rounds' own ratios: what one round's floor was says nothing of another's.

    >>> ratio([10.0, 30.0, 8.0], [5.0, 10.0, 4.0])
    2.0
    """
    return median(value / floor for value, floor in zip(values, floors, strict=True))


def spread(values: Sequence[float]) -> float:
    """The largest by the smallest.

    >>> spread([2.0, 3.0, 4.0])
    2.0
    """
    return max(values) / min(values) if values and min(values) > 0 else math.nan


def number(value: float) -> str:
    """Three figures that matter.

    >>> number(14567.8), number(3.14159), number(0.0421), number(0)
    ('14.6 k', '3.14', '0.0421', '0')
    """
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 10_000:
        return f"{value / 1000:.1f} k" if abs(value) < 100_000 else f"{value / 1000:.0f} k"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measured(values: Sequence[float]) -> str:
    """Median and range.

    >>> measured([3.0, 1.0, 2.0])
    '2 [1–3]'
    """
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} [{number(min(values))}–{number(max(values))}]"
