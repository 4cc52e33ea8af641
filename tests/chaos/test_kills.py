"""kill -9 at random points: what was acknowledged is stored once and in order, what was sent was sent once."""

import asyncio
import os
import random
import threading
from collections.abc import Iterator

import pytest
import redis

from tests.support import apart
from tests.support.agent import Agent, ready_agent
from tests.support.carrier import Provider
from tests.support.product import Product, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

MESSAGES = 50
CUSTOMERS = 5
OURS = "+15550001000"
PRODUCTION = bool(os.environ.get("DATABASE_URL"))


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def product(provider: Provider) -> Iterator[Product]:
    product = Product(env=provider.environment())
    try:
        yield product.start()
    finally:
        product.stop()


class Nemesis(threading.Thread):
    """Kills and starts processes until it is told to rest."""

    def __init__(self, product: Product, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.product = product
        self.seed = seed
        self.random = random.Random(seed)
        self.rest = threading.Event()
        self.kills: list[str] = []

    def run(self) -> None:
        while not self.rest.wait(self.random.uniform(0.4, 1.6)):
            role = self.random.choice(sorted(self.product.roles))
            self.product.kill(role)
            self.kills.append(role)
            if PRODUCTION and len(self.kills) % 4 == 2:
                redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
                self.kills.append("redis flushed")
            self.product.start_role(role)
            if role in ("serve", "web"):
                self.product.wait_ready()


def write(
    provider: Provider, product: Product, customer: str, acknowledged: dict[str, list[str]], *, seed: int
) -> None:
    """One customer writes one text after the other, each some time after the one before was acknowledged."""
    think = random.Random(seed)
    for number in range(MESSAGES // CUSTOMERS):
        threading.Event().wait(think.uniform(0.5, 2.5))
        params = provider.message(sender=customer, to=OURS, body=f"{customer} {number}")
        assert provider.bring(product.url, params, seconds=120)
        acknowledged[customer].append(params["MessageSid"])


def settled(product: Product) -> bool:
    """Every text has its answer, no answer is still on its way, and every event was numbered."""
    answers = product.rows("SELECT status FROM conversations_message WHERE direction = 'outbound'")
    waiting = product.rows(
        "SELECT COUNT(*) FROM eventlog_event WHERE id NOT IN (SELECT event_id FROM eventlog_position)"
    )
    ended = all(status in ("delivered", "failed", "unknown") for (status,) in answers)
    return len(answers) >= MESSAGES and ended and waiting == [(0,)]


def test_nothing_lost_nothing_doubled_everything_in_order(product: Product, provider: Provider) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1, 10**6)
    print(f"CHAOS_SEED={seed}")
    acknowledged: dict[str, list[str]] = {f"+1555010{n:04}": [] for n in range(CUSTOMERS)}
    nemesis = Nemesis(product, seed=seed)

    agent = apart.run(story(product, provider, nemesis, acknowledged))

    print(f"kills: {len(nemesis.kills)}: {nemesis.kills}; the agent's socket came back {agent.reconnects} times")
    assert len(nemesis.kills) >= 3
    check_inbound(product, acknowledged)
    check_outbound(product, provider)
    check_screen(product, agent)


async def story(product: Product, provider: Provider, nemesis: Nemesis, acknowledged: dict[str, list[str]]) -> Agent:
    agent = await ready_agent(product.url, "ana", product.logins()["ana"], answer=lambda body: f"re: {body}")
    writers = [
        asyncio.to_thread(write, provider, product, customer, acknowledged, seed=nemesis.seed + number)
        for number, customer in enumerate(acknowledged)
    ]
    nemesis.start()
    await asyncio.gather(*writers)
    nemesis.rest.set()
    await asyncio.to_thread(nemesis.join, 60)
    await asyncio.to_thread(wait_until, lambda: settled(product), seconds=120, what="the last answer")
    await agent.until(lambda: not agent.outbox, seconds=60)
    heads = dict(product.rows("SELECT audience, n FROM eventlog_audiencehead"))
    await agent.until(lambda: all(heads.get(name, 0) == n for name, n in agent.cursors.items()), seconds=30)
    await agent.stop()
    return agent


def check_inbound(product: Product, acknowledged: dict[str, list[str]]) -> None:
    for customer, sids in acknowledged.items():
        stored = product.rows(
            "SELECT m.provider_sid FROM conversations_message m JOIN conversations_conversation c "
            "ON c.id = m.conversation_id JOIN conversations_identity i ON i.id = c.identity_id "
            "WHERE m.direction = 'inbound' AND i.address = %s ORDER BY c.id, m.index".replace("m.index", 'm."index"'),
            customer,
        )
        assert [sid for (sid,) in stored] == sids
    gaps = product.rows(
        "SELECT c.sid FROM conversations_conversation c JOIN conversations_message m ON m.conversation_id = c.id "
        'GROUP BY c.sid, c.last_index HAVING COUNT(*) <> c.last_index OR MAX(m."index") <> c.last_index'
    )
    assert gaps == []


def check_outbound(product: Product, provider: Provider) -> None:
    answers = product.rows("SELECT body, status FROM conversations_message WHERE direction = 'outbound'")
    assert len(answers) == MESSAGES
    assert len({body for body, _ in answers}) == MESSAGES
    for body, status in answers:
        reached = len(provider.taken.get(body, []))
        allowed = (0, 1) if status == "unknown" else (1,)
        assert reached in allowed, f"{body!r} is {status} and reached the provider {reached} times"
    unknown = sum(status == "unknown" for _, status in answers)
    print(f"answers: {len(answers)}, standing as unknown: {unknown}")


def check_screen(product: Product, agent: Agent) -> None:
    assert len(agent.seen) == len(set(agent.seen))
    heads = dict(product.rows("SELECT audience, n FROM eventlog_audiencehead"))
    assert all(heads.get(name, 0) == n for name, n in agent.cursors.items())
