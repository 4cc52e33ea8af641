"""What the provider knows, compared with what the product has written down: what was lost, doubled, misordered, late.

Pure: rows in, a report out. Whoever trusts it should first see it red (``tests/house/test_books.py``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

TAKEN = frozenset({"sent", "delivered", "undelivered", "read"})
OPEN = frozenset({"queued", "sending"})


@dataclass(frozen=True, slots=True)
class Inbound:
    """A customer's text as the provider has it; ``at``: seconds, when it was written."""

    sid: str
    customer: str
    at: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer's text as the product has it. ``place``: conversation and index, as they follow one another."""

    sid: str
    customer: str
    place: tuple[int, int]
    at: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """A text of ours that the provider took; ``body`` names it: no two are alike."""

    sid: str
    customer: str
    body: str
    at: float


@dataclass(frozen=True, slots=True)
class Written:
    """A text of ours as the product has it; ``disturbed``: its fate was unknown at some time, or it was sent again."""

    body: str
    customer: str
    place: tuple[int, int]
    status: str
    at: float
    disturbed: bool = False


@dataclass(slots=True)
class Report:
    """Names of the messages concerned; ``late``: those that took longer than the bound, with their seconds."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    counted: int = 0

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled, misordered, invented or left lying; unknown and late are judged elsewhere."""
        return not (self.lost or self.doubled or self.misordered or self.invented or self.unfinished)

    def line(self) -> str:
        """One line for a log."""
        parts = ("lost", "doubled", "misordered", "invented", "unfinished", "unknown", "late")
        return f"{self.counted} messages: " + ", ".join(f"{len(getattr(self, name))} {name}" for name in parts)


def check(
    *,
    inbound: Sequence[Inbound],
    stored: Sequence[Stored],
    accepted: Sequence[Accepted],
    written: Sequence[Written],
    late_after: float,
) -> Report:
    """Compare both books. ``inbound`` and ``accepted`` stand in the order in which they happened at the provider."""
    report = Report(counted=len(inbound) + len(written))
    _check_inbound(report, inbound, stored, late_after=late_after)
    _check_outbound(report, accepted, written, late_after=late_after)
    return report


def _check_inbound(report: Report, inbound: Sequence[Inbound], stored: Sequence[Stored], *, late_after: float) -> None:
    here = {row.sid: row for row in reversed(stored)}
    times = Counter(row.sid for row in stored)
    there = {row.sid for row in inbound}
    report.lost += [row.sid for row in inbound if row.sid not in here]
    report.doubled += [sid for sid, count in times.items() if count > 1]
    report.invented += [sid for sid in times if sid not in there]
    for customer_rows in _by_customer(row for row in inbound if row.sid in here).values():
        places = [(here[row.sid].place, row.sid) for row in customer_rows]
        report.misordered += [sid for (before, _), (after, sid) in pairwise(places) if after <= before]
    for row in inbound:
        took = here[row.sid].at - row.at if row.sid in here else 0.0
        if took > late_after:
            report.late[row.sid] = took


def _check_outbound(
    report: Report, accepted: Sequence[Accepted], written: Sequence[Written], *, late_after: float
) -> None:
    ours = {row.body: row for row in reversed(written)}
    times = Counter(row.body for row in accepted)
    first = {row.body: row for row in reversed(accepted)}
    report.invented += [body for body in times if body not in ours]
    report.doubled += [body for body, count in times.items() if count > 1]
    report.doubled += [body for body, count in Counter(row.body for row in written).items() if count > 1]
    for row in written:
        if row.status in OPEN:
            report.unfinished.append(row.body)
        elif row.status == "unknown":
            report.unknown.append(row.body)
        elif (row.status in TAKEN) != (row.body in first):  # Called sent and was not, or called failed and was sent.
            report.lost.append(row.body)
        if row.body in first and first[row.body].at - row.at > late_after:
            report.late[row.body] = first[row.body].at - row.at
    # One that was searched for, or sent again, may be overtaken: the customer need not wait for it.
    orderly = (row for row in accepted if first[row.body] is row and row.body in ours and not ours[row.body].disturbed)
    for customer_rows in _by_customer(orderly).values():
        places = [(ours[row.body].place, row.body) for row in customer_rows]
        report.misordered += [body for (before, _), (after, body) in pairwise(places) if after <= before]


def _by_customer(rows: "Iterable[Inbound] | Iterable[Accepted]") -> dict[str, list]:  # type: ignore[type-arg]
    groups = defaultdict(list)
    for row in rows:
        groups[row.customer].append(row)
    return groups
