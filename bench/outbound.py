"""From a queued reply to the provider: through Celery and the official SDK, against the twin with its latency."""

import sys
import time
from dataclasses import dataclass, field

import requests

from bench import figures
from bench.report import Check, Section, number
from bench.run import Run
from bench.site import Hand, wait_for
from tests.support.product import Product, free_port

LATENCY_MS = 100
THREADS = 32
FAST = "+15557000001"
SENDERS = {FAST: 1000.0, "+15557000010": 1.0, "+15557000011": 10.0, "+15557000012": 100.0}
COLUMNS = ("figure", "measured", "floor or rate", "")


@dataclass
class Floor(Product):
    """The production shape with one worker process, and the twin in a web process of its own, as a provider is."""

    twin_port: int = field(default_factory=free_port)

    @property
    def roles(self) -> dict[str, list[str]]:
        celery = [sys.executable, "-m", "celery", "-A", "contactcenter.celery:app", "worker", "--pool=threads"]
        quiet = [f"--concurrency={THREADS}", "--without-gossip", "--without-mingle", "--loglevel=warning"]
        twin = [sys.executable, "manage.py", "web", "--port", str(self.twin_port), "--grace", "2"]
        return super().roles | {"worker": [*celery, *quiet], "twin": twin}

    @property
    def twin_url(self) -> str:
        return f"http://127.0.0.1:{self.twin_port}/twin"


def outbound(run: Run) -> Section:
    """Throughput, own overhead and pacing."""
    product = Floor(env={"LOG_LEVEL": "WARNING", "DATABASE_POOL_SIZE": "80", "REQUESTS_AT_ONCE": "64"})
    product.env["TWILIO_API_BASE"] = product.twin_url
    hand = None
    try:
        product.start()
        hand = Hand(product.env, product.var / "hand.log")
        return _measured(product, hand, quick=run.quick)
    finally:
        if hand is not None:
            hand.stop()
        product.stop()


def _measured(product: Floor, hand: Hand, *, quick: bool) -> Section:
    section = Section(f"Outbound, {LATENCY_MS} ms latency, one worker process of {THREADS} threads", COLUMNS)
    hand.call("outbound_hand:prepare", senders=SENDERS, customers=100 if quick else 400)
    _delay(product, LATENCY_MS)
    bare = [value * 1000 for value in hand.call("outbound_hand:bare_calls", sender=FAST, count=30)]
    _overhead(section, hand, bare, count=60 if quick else 200)
    _throughput(section, hand, count=600 if quick else 3000)
    _pacing(section, hand, seconds=6 if quick else 20)
    return section


def _overhead(section: Section, hand: Hand, bare: list[float], *, count: int) -> None:
    hand.call("outbound_hand:queue", sender=FAST, count=count, rate=10, label="steady")
    took = [(at - queued) * 1000 for queued, at in _all_taken(hand, "steady", count)]
    floor = figures.percentile(bare, 0.5)
    own = [value - floor for value in took]
    p50, p95 = figures.percentile(own, 0.5), figures.percentile(own, 0.95)
    section.rows.append(
        ["own overhead at 10/s", f"p50 {p50:.1f} ms, p95 {p95:.1f} ms", f"bare SDK call {floor:.1f} ms", ""]
    )
    section.checks.append(Check("outbound, own overhead p50", p50, "≤", 10, "ms"))


def _throughput(section: Section, hand: Hand, *, count: int) -> None:
    hand.call("outbound_hand:queue", sender=FAST, count=count, rate=0, label="burst")
    times = [at for _, at in _all_taken(hand, "burst", count)]
    rate = (len(times) - 1) / (times[-1] - times[0])
    ideal = THREADS * 1000 / LATENCY_MS
    section.rows.append(
        ["throughput", f"{number(rate)}/s", f"threads ÷ latency {number(ideal)}/s", f"{count} messages"]
    )
    section.checks.append(Check("outbound, messages a second", rate, "≥", 100, "/s"))
    section.checks.append(Check("outbound, doubled", hand.call("outbound_hand:doubled", label="burst"), "≤", 0, ""))


def _pacing(section: Section, hand: Hand, *, seconds: float) -> None:
    paced = {sender: rate for sender, rate in SENDERS.items() if sender != FAST}
    counts = {sender: max(6, int(rate * seconds)) for sender, rate in paced.items()}
    for sender, count in counts.items():
        hand.call("outbound_hand:queue", sender=sender, count=count, rate=0, label=f"pace{sender}")
    for sender, rate in paced.items():
        times = [at for _, at in _all_taken(hand, f"pace{sender}", counts[sender])]
        mean = (len(times) - 1) / (times[-1] - times[0])
        off = abs(mean / rate - 1) * 100
        section.rows.append(
            [f"paced at {rate:g}/s", f"{mean:.3f}/s", f"{rate:g}/s", f"{off:.2f} % off, {len(times)} messages"]
        )
        section.checks.append(Check(f"pacing at {rate:g}/s, off by", off, "≤", 2, "%"))


def _all_taken(hand: Hand, label: str, count: int) -> list[tuple[float, float]]:
    def there() -> bool:
        time.sleep(0.2)
        return bool(hand.call("outbound_hand:taken_count", label=label) >= count)

    wait_for(there, what=f"{count} messages {label}")
    rows: list[tuple[float, float]] = [tuple(row) for row in hand.call("outbound_hand:taken", label=label)]
    return rows


def _delay(product: Floor, milliseconds: int) -> None:
    logins = _credentials(product)
    answer = requests.post(f"{product.twin_url}/faults", json={"delay_ms": milliseconds}, auth=logins, timeout=10)
    answer.raise_for_status()


def _credentials(product: Floor) -> tuple[str, str]:
    """The twin's account and token, which it has made for itself."""
    secrets = product.var / "secrets"
    account, token = ((secrets / name).read_text().strip()[:32] for name in ("twin_account", "twin_token"))
    return "AC" + account, token
