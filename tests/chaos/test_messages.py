"""Messages both ways while everything is killed: processes, PostgreSQL, Redis, the line to the provider.

The twin runs apart and remembers; at the end its book is compared with the product's. It is asked for by its size,
since what became of a message whose sender was killed is found out within minutes, not seconds:
``CHAOS_KILLS=9 ./run test tests/chaos/test_messages.py -s``; the full size is ``CHAOS_MESSAGES=10000 CHAOS_KILLS=200``.
"""

import asyncio
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.support import apart
from tests.support.agent import Agent, ready_agent
from tests.support.books import Report, Stored, Written, check
from tests.support.product import Product, wait_until
from tests.support.servers import Line, PostgreSQL, Redis, postgres_programs, until_answers
from tests.support.twin import OURS, TwinSite

# Half of them from customers, each of which an agent answers.
MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "40"))
KILLS = int(os.environ.get("CHAOS_KILLS", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1, 10**6)
CUSTOMERS = [f"+1555017{n:04}" for n in range(min(12, MESSAGES // 4))]
AGENTS = ("ana", "ben", "sofia")
LATE_SECONDS = 60.0
# Agents who answer a flood are slowed down by their sockets to a few words a second each.
PATIENCE_SECONDS = 420.0 + MESSAGES / 8

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(480 + 4 * KILLS + MESSAGES),
    pytest.mark.skipif(not KILLS, reason="set CHAOS_KILLS: it takes some minutes"),
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL") or postgres_programs() is None or shutil.which("redis-server") is None,
        reason="only in the production shape, with initdb and redis-server",
    ),
]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PostgreSQL, Redis]]:
    """Servers of our own: killing those of the environment would hurt others."""
    postgres, redis = PostgreSQL(), Redis()
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("REDIS_URL", redis.url)
    yield postgres, redis
    redis.close()
    postgres.close()


@pytest.fixture
def twin(servers: tuple[PostgreSQL, Redis]) -> Iterator[TwinSite]:
    twin = TwinSite()
    try:
        twin.start()
        yield twin
    finally:
        twin.stop()


@pytest.fixture
def line(twin: TwinSite) -> Iterator[Line]:
    line = Line(twin.port)
    yield line
    line.close()


@pytest.fixture
def product(twin: TwinSite, line: Line) -> Iterator[Product]:
    product = Product(env={**twin.environment(port=line.port), "RECONCILE_SECONDS": "5"})
    try:
        product.start()
        hooks = f"{product.url}/webhooks/twilio"
        twin.call(f"{hooks}/messages", fallback=f"{hooks}/fallback")
        twin.customers(CUSTOMERS)
        product.rows("UPDATE conversations_address SET on_unknown = 'resend_once' RETURNING id")
        yield product
    finally:
        product.stop()


class Nemesis(threading.Thread):
    """One misfortune after the other, as the seed has it, until so many have happened and all is written."""

    def __init__(self, product: Product, postgres: PostgreSQL, redis: Redis, line: Line) -> None:
        super().__init__(daemon=True)
        self.product, self.postgres, self.redis, self.line = product, postgres, redis, line
        self.random = random.Random(SEED)
        self.over = threading.Event()
        self.done: Counter[str] = Counter()

    def run(self) -> None:
        while sum(self.done.values()) < KILLS or not self.over.is_set():
            for misfortune in self._deal():
                misfortune()
                time.sleep(self.random.uniform(0.3, 1.2))

    def _deal(self) -> list[Callable[[], None]]:
        """Each kind once, in an order of chance; after the first round processes die more often than servers."""
        processes = [partial(self.kill, role) for role in self.product.roles]
        servers = [self.flush, self.restart_redis, self.crash_postgres, self.cut, self.swallow]
        hand = [*processes, *servers] if not self.done else [*processes * 3, *servers]
        self.random.shuffle(hand)
        return hand

    def kill(self, role: str) -> None:
        self.product.kill(role)
        self.done[f"{role} killed"] += 1
        self.product.start_role(role)
        if role == "web":
            self.product.wait_ready()

    def flush(self) -> None:
        self.redis.flush()
        self.done["Redis flushed"] += 1

    def restart_redis(self) -> None:
        self.redis.kill()
        self.done["Redis killed"] += 1
        self.redis.start()

    def crash_postgres(self) -> None:
        self.postgres.crash()
        self.done["PostgreSQL crashed"] += 1
        self.postgres.start()
        until_answers(self.postgres)

    def cut(self) -> None:
        self.line.cut()
        self.done["line cut"] += 1
        time.sleep(self.random.uniform(0.5, 3))
        self.line.mend()

    def swallow(self) -> None:
        """What is under way reaches the provider, and the answer does not come back."""
        self.line.swallow()
        self.done["answers swallowed"] += 1
        time.sleep(self.random.uniform(0.2, 1))
        self.line.cut()
        self.line.mend()


def write(twin: TwinSite, nemesis: Nemesis, customer: str, count: int) -> None:
    """One customer's texts, spread so that they last as long as the misfortunes do."""
    think = random.Random(f"{SEED} {customer}")
    for number in range(count):
        twin.write(customer, f"{customer} {number}")
        behind = sum(nemesis.done.values()) / KILLS < (number + 1) / count
        time.sleep(think.uniform(0.2, 1.2) if behind else 0.02)


async def story(product: Product, twin: TwinSite, nemesis: Nemesis) -> list[Agent]:
    logins = product.logins()
    agents = [await ready_agent(product.url, name, logins[name], answer=lambda body: f"re: {body}") for name in AGENTS]
    share = MESSAGES // 2 // len(CUSTOMERS)
    nemesis.start()
    await asyncio.gather(*(asyncio.to_thread(write, twin, nemesis, customer, share) for customer in CUSTOMERS))
    nemesis.over.set()
    await asyncio.to_thread(nemesis.join)
    await asyncio.to_thread(product.wait_ready)
    await asyncio.to_thread(
        wait_until, lambda: settled(product, twin), seconds=PATIENCE_SECONDS, what="the end of all messages"
    )
    for agent in agents:
        await agent.stop()
    return agents


def settled(product: Product, twin: TwinSite) -> bool:
    """Every text is here and answered, and every answer has come to an end that will not change."""
    time.sleep(0.5)
    wanted = len(twin.inbound())
    [(heard,)] = product.rows("SELECT COUNT(*) FROM conversations_message WHERE direction = 'inbound'")
    answers = product.rows("SELECT status, due_at FROM conversations_message WHERE direction = 'outbound'")
    ended = all(
        status in ("delivered", "failed") or (status == "unknown" and due_at is None) for status, due_at in answers
    )
    return heard >= wanted and len(answers) >= wanted and ended


_ROWS = """
SELECT m.provider_sid, i.address, c.id, m.index, EXTRACT(EPOCH FROM m.created_at), m.body, m.status,
       EXISTS (SELECT 1 FROM eventlog_event e WHERE e.subject_sid = m.sid AND e.data ->> 'status' = 'unknown')
FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
     JOIN conversations_identity i ON i.id = c.identity_id
WHERE m.direction = %s ORDER BY m.id
"""


def report(product: Product, twin: TwinSite) -> Report:
    """Both books compared."""
    stored = [
        Stored(sid, customer, (talk, index), float(at))
        for sid, customer, talk, index, at, *_ in product.rows(_ROWS, "inbound")
    ]
    written = [
        Written(body, customer, (talk, index), status, float(at), disturbed=lost)
        for _, customer, talk, index, at, body, status, lost in product.rows(_ROWS, "outbound")
    ]
    return check(
        inbound=twin.inbound(), stored=stored, accepted=twin.accepted(), written=written, late_after=LATE_SECONDS
    )


def test_whatever_is_killed_both_books_agree(
    product: Product, twin: TwinSite, line: Line, servers: tuple[PostgreSQL, Redis]
) -> None:
    print(f"CHAOS_SEED={SEED}")
    nemesis = Nemesis(product, *servers, line)

    began = time.monotonic()
    agents = apart.run(story(product, twin, nemesis))
    found = report(product, twin)

    print(f"{sum(nemesis.done.values())} misfortunes in {time.monotonic() - began:.0f} s: {dict(nemesis.done)}")
    print(found.line())
    if found.late:
        print(f"the latest took {max(found.late.values()):.0f} s")
    print(f"sockets came back {sum(agent.reconnects for agent in agents)} times; {OURS} was all that customers knew")
    assert found.is_clean, found
    assert sum(nemesis.done.values()) >= KILLS
    assert found.counted >= 2 * (MESSAGES // 2 // len(CUSTOMERS)) * len(CUSTOMERS)
    assert len(found.unknown) <= found.counted // 50
