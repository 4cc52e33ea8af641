"""The embedded default: one process on SQLite, routing while it serves web, sockets and webhooks."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator

from bench import floors
from bench.figures import percentile
from bench.messages import Stage
from bench.report import Check, Section, number
from bench.run import Run, say
from bench.site import Hand, wait_for
from tests.support.carrier import Provider
from tests.support.product import Product

LEAST_PER_SECOND = 150.0
WORKERS, QUEUES, CAPACITY = 100, 10, 50
TEXTS_PER_SECOND = 2.0
PATIENCE_SECONDS = 120

_OFFERED = (
    "SELECT count(*) FROM routing_reservation r JOIN agents_worker w ON w.id = r.worker_id WHERE w.workspace_id = %s"
)
_SERVERS = ("DATABASE_URL", "REDIS_URL")


def embedded(run: Run) -> Section:
    """``./run`` as it is, agents signed in, texts coming; a further workspace has tasks, and then agents."""
    tasks = 300 if run.quick else 2_000
    with _without_servers():
        provider = Provider()
        product = Product(env={**provider.environment(), "READ_DOT_ENV": "0", "LOG_LEVEL": "WARNING"})
        hand = None
        try:
            product.start()
            hand = Hand({**product.env, "PUBLIC_URL": product.url}, product.var / "hand.log")
            workspace = hand.call(
                "routing.embedded_office:prepare", tasks=tasks, workers=WORKERS, queues=QUEUES, capacity=CAPACITY
            )
            floor = 1000 / floors.insert_ms(database_url="", folder=product.var)
            rate, texts, lost = asyncio.run(_busy(product, provider, hand, workspace, tasks))
        finally:
            if hand is not None:
                hand.stop()
            product.stop()
            provider.close()
    section = Section(
        "The embedded default (SQLite, one process)",
        ["assignments/s", "SQLite commits/s", "texts meanwhile", "p50", "p99"],
        [[number(rate), number(floor), f"{len(texts)}, {lost} lost", *_p50_p99(texts)]],
        checks=[Check("embedded, assignments/s", rate, "≥", LEAST_PER_SECOND, "/s")],
        data={"rate": rate, "floor": floor, "texts_ms": texts, "lost": lost},
    )
    section.notes.append(
        f"{tasks:,} tasks wait; {WORKERS} agents come to work one by one, through the verb, from another process. "
        f"Three agents of the demo are signed in by socket and get {TEXTS_PER_SECOND:g} texts/s over HTTP. "
        "SQLite does not flush each commit to the disk, so that its commits are no floor of durable work."
    )
    return section


def _p50_p99(texts: list[float]) -> list[str]:
    return [f"{percentile(texts, share):.0f} ms" for share in (0.5, 0.99)]


async def _busy(
    product: Product, provider: Provider, hand: Hand, workspace: int, tasks: int
) -> tuple[float, list[float], int]:
    """Texts come for as long as tasks are offered."""
    stage = Stage(product, provider)
    await stage.open()
    try:
        await stage.offers()
        rate = asyncio.create_task(asyncio.to_thread(_rate, product, hand, workspace, tasks))
        texts: list[float] = []
        lost = 0
        while not rate.done() or not texts:
            took, missing = await stage.stream(rate=TEXTS_PER_SECOND, seconds=2)
            texts, lost = texts + took, lost + missing
        return await rate, texts, lost
    finally:
        await stage.close()


def _rate(product: Product, hand: Hand, workspace: int, tasks: int) -> float:
    """Assignments a second from the first to the last."""
    opener = threading.Thread(target=lambda: hand.call("routing.embedded_office:open_doors"))
    opener.start()
    wait_for(lambda: _offered(product, workspace) > 0, seconds=PATIENCE_SECONDS, what="the first offer")
    began, first = time.perf_counter(), _offered(product, workspace)
    done = 0
    while done < tasks and time.perf_counter() - began < PATIENCE_SECONDS:
        time.sleep(0.1)
        done = _offered(product, workspace)
    took = time.perf_counter() - began
    opener.join()
    say(f"embedded: {done} of {tasks} in {took:.1f} s")
    return (done - first) / took


def _offered(product: Product, workspace: int) -> int:
    return int(product.rows(_OFFERED, workspace)[0][0])


@contextlib.contextmanager
def _without_servers() -> Iterator[None]:
    """As on a machine that has neither PostgreSQL nor Redis."""
    kept = {name: os.environ.pop(name) for name in _SERVERS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
