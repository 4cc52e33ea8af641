"""What customers sent and were told, against what stands: lost, doubled, out of order, forged."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Text:
    """One text of a customer. Times are of one clock; ``told_at`` is when the product first said that it has it."""

    customer: str
    begun_at: float = 0.0
    told_at: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The texts, by name, with which something went wrong."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.misordered or self.forged)


def judge(sent: Mapping[str, Text], stood: Iterable[tuple[str, str]]) -> Verdict:
    """``stood``: customer and text, each customer's in the order in which they stand.

    A text that the product took before the next one was begun must stand before it; of two on their way at once nobody
    can say. What was never sent, or was not signed, must not stand at all.
    """
    lines: dict[str, list[str]] = defaultdict(list)
    for customer, text in stood:
        lines[customer].append(text)
    count = Counter(text for line in lines.values() for text in line)
    return Verdict(
        lost=sorted(name for name, text in sent.items() if text.told_at is not None and not count[name]),
        doubled=sorted(name for name, times in count.items() if times > 1),
        misordered=sorted(name for line in lines.values() for name in _misordered(line, sent)),
        forged=sorted(
            name
            for customer, line in lines.items()
            for name in line
            if name not in sent or sent[name].customer != customer
        ),
    )


def _misordered(line: Sequence[str], sent: Mapping[str, Text]) -> list[str]:
    """Those behind which one stands that the product had before they were begun."""
    found = []
    earliest = float("inf")
    for name in reversed(line):
        text = sent.get(name)
        if text is None:
            continue
        if text.begun_at > earliest:
            found.append(name)
        if text.told_at is not None:
            earliest = min(earliest, text.told_at)
    return found
