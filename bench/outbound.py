"""From a queued reply to the provider: through Celery and the official SDK, against the twin with its latency.

The twin runs as a product of its own: what it does, and the callbacks that it makes, are not our workers' work.
"""

import sys
import time

from bench import figures
from bench.report import Check, Section, number
from bench.run import Run
from bench.site import Hand
from tests.support.product import Product
from tests.support.twin import TwinSite

LATENCY_MS = 100
THREADS = 32
PATIENCE_SECONDS = 180.0
FAST = "+15557000001"
SENDERS = {FAST: 1000.0, "+15557000010": 1.0, "+15557000011": 10.0, "+15557000012": 100.0}
COLUMNS = ("figure", "measured", "floor or rate", "")


class Sending(Product):
    """The production shape with one worker process of many threads."""

    @property
    def roles(self) -> dict[str, list[str]]:
        celery = [sys.executable, "-m", "celery", "-A", "contactcenter.celery:app", "worker", "--pool=threads"]
        quiet = [f"--concurrency={THREADS}", "--without-gossip", "--without-mingle", "--loglevel=warning"]
        return super().roles | {"worker": [*celery, *quiet]}


class Stage:
    """Both products, and a hand inside ours."""

    def __init__(self) -> None:
        self.twin = TwinSite(env={"LOG_LEVEL": "WARNING", "REQUESTS_AT_ONCE": "64"})
        self.product: Sending | None = None
        self.hand: Hand | None = None

    def open(self, customers: int) -> None:
        self.twin.start()
        self.twin.numbers(SENDERS)
        self.product = Sending(env={**self.twin.environment(port=self.twin.port), "LOG_LEVEL": "WARNING"})
        self.product.start()
        self.hand = Hand(self.product.env, self.product.var / "hand.log")
        self.call("prepare", senders=SENDERS, customers=customers)
        self.twin.faults(delay_ms=LATENCY_MS)

    def call(self, function: str, **arguments: object) -> object:
        assert self.hand is not None
        return self.hand.call(f"outbound_hand:{function}", **arguments)

    def backlog(self, *, sender: str, count: int, label: str) -> None:
        """Queue messages while no worker is there, and then let one begin: who queues takes no part in what follows."""
        assert self.product is not None
        self.product.terminate("worker")
        self.call("queue", sender=sender, count=count, rate=0, label=label)
        self.product.start_role("worker")

    def taken(self, label: str, count: int) -> dict[str, float]:
        """When the provider had each message of the label, once it has so many, in that order."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            rows = [row for row in self.twin.accepted() if row.body.startswith(f"{label} ")]
            if len(rows) >= count:
                return {row.body: row.at for row in rows}
            time.sleep(0.5)
        raise TimeoutError(f"{count} messages {label} did not come")

    def doubled(self, label: str) -> int:
        bodies = [row.body for row in self.twin.accepted() if row.body.startswith(f"{label} ")]
        return len(bodies) - len(set(bodies))

    def close(self) -> None:
        if self.hand is not None:
            self.hand.stop()
        if self.product is not None:
            self.product.stop()
        self.twin.stop()


def outbound(run: Run) -> Section:
    """Throughput, own overhead and pacing."""
    stage = Stage()
    try:
        stage.open(customers=100 if run.quick else 400)
        section = Section(f"Outbound, {LATENCY_MS} ms latency, one worker process of {THREADS} threads", COLUMNS)
        _overhead(section, stage, count=60 if run.quick else 200)
        _throughput(section, stage, count=600 if run.quick else 3000)
        _pacing(section, stage, seconds=6 if run.quick else 20)
        return section
    finally:
        stage.close()


def _overhead(section: Section, stage: Stage, *, count: int) -> None:
    began = _moments(stage.call("bare_calls", sender=FAST, count=30))
    bare = [(at - began[body]) * 1000 for body, at in stage.taken("bare", 30).items()]
    floor = figures.percentile(bare, 0.5)
    stage.call("queue", sender=FAST, count=count, rate=10, label="steady")
    taken = stage.taken("steady", count)
    queued = _moments(stage.call("queued", label="steady"))
    own = [(at - queued[body]) * 1000 - floor for body, at in taken.items()]
    p50, p95 = figures.percentile(own, 0.5), figures.percentile(own, 0.95)
    section.rows.append(
        ["own overhead at 10/s", f"p50 {p50:.1f} ms, p95 {p95:.1f} ms", f"bare SDK call {floor:.1f} ms", ""]
    )
    section.checks.append(Check("outbound, own overhead p50", p50, "≤", 10, "ms"))


def _throughput(section: Section, stage: Stage, *, count: int) -> None:
    stage.backlog(sender=FAST, count=count, label="burst")
    rate = _rate(stage.taken("burst", count))
    ideal = THREADS * 1000 / LATENCY_MS
    section.rows.append(
        ["throughput", f"{number(rate)}/s", f"threads ÷ latency {number(ideal)}/s", f"a backlog of {count}"]
    )
    section.checks.append(Check("outbound, messages a second", rate, "≥", 100, "/s"))
    section.checks.append(Check("outbound, doubled", stage.doubled("burst"), "≤", 0, ""))


def _pacing(section: Section, stage: Stage, *, seconds: float) -> None:
    paced = {sender: rate for sender, rate in SENDERS.items() if sender != FAST}
    counts = {sender: max(6, int(rate * seconds)) for sender, rate in paced.items()}
    for sender, count in counts.items():
        stage.call("queue", sender=sender, count=count, rate=0, label=f"pace{sender}")
    for sender, rate in paced.items():
        mean = _rate(stage.taken(f"pace{sender}", counts[sender]))
        off = abs(mean / rate - 1) * 100
        section.rows.append([f"paced at {rate:g}/s", f"{mean:.3f}/s", f"{rate:g}/s", f"{off:.2f} % off"])
        section.checks.append(Check(f"pacing at {rate:g}/s, off by", off, "≤", 2, "%"))


def _rate(taken: dict[str, float]) -> float:
    times = sorted(taken.values())
    return (len(times) - 1) / (times[-1] - times[0])


def _moments(answer: object) -> dict[str, float]:
    assert isinstance(answer, dict)
    return answer
