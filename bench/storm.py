"""Ten times the rate, a third of it again, all of it shuffled, a tenth badly signed: what stands afterwards?"""

import asyncio
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench import floors
from bench.posts import Posts
from bench.report import Check, Section
from conversations.core.doors import FALLBACK, MESSAGES
from tests.support.agent import Agent, ready_agent
from tests.support.carrier import Provider
from tests.support.ledger import Text, Verdict, judge
from tests.support.product import Product, wait_until

OURS = "+15550001000"
AGENTS = ("ana", "ben", "sofia")
CUSTOMERS = 24
RATE = 2000.0
PATIENCE_SECONDS = 120
AGAIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST of the plan; a forged one is to be refused, and is not sent again."""

    name: str
    request: bytes
    forged: bool


@dataclass(slots=True)
class Outcome:
    """What a storm did. ``stood``: customer and text in the order in which they stand in their conversations."""

    verdict: Verdict
    shown: Verdict
    texts: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    answers: Counter[int] = field(default_factory=Counter)
    forged_in: int = 0
    megabytes: list[float] = field(default_factory=list)


def section(*, quick: bool) -> Section:
    """A storm in the shape that the environment gives."""
    shape = "production" if os.environ.get("DATABASE_URL") else "embedded"
    found = run(texts=1500 if quick else 12_000)
    wrong = found.verdict
    rows = [
        ["texts, deliveries", f"{found.texts}, {found.deliveries} in {found.seconds:.1f} s"],
        ["taken a second", f"{found.texts / found.seconds:.0f}"],
        ["answers", ", ".join(f"{status}: {count}" for status, count in sorted(found.answers.items()))],
        ["memory, first to last quarter", " → ".join(f"{mb:.0f}" for mb in found.megabytes) + " MB"],
    ]
    checks = [
        Check("storm: texts lost", len(wrong.lost), "≤", 0, ""),
        Check("storm: texts doubled", len(wrong.doubled), "≤", 0, ""),
        Check("storm: texts out of order", len(wrong.misordered), "≤", 0, ""),
        Check("storm: forged texts let in", len(wrong.forged) + found.forged_in, "≤", 0, ""),
        Check("storm: screens lost, doubled, out of order", _count(found.shown), "≤", 0, ""),
        Check("storm: memory, last quarter ÷ second", found.megabytes[-1] / found.megabytes[1], "≤", 1.1),
    ]
    return Section(f"Storm ({shape} shape)", ("", ""), rows, checks=checks, data={"texts": found.texts})


def run(*, texts: int, rate: float = RATE, seed: int = 7) -> Outcome:
    """The whole product under a storm of that many texts."""
    provider = Provider()
    product = Product(env={"LOG_LEVEL": "WARNING", **provider.environment()})
    try:
        product.start()
        return asyncio.run(_storm(product, provider, Storm(provider, texts=texts, rate=rate, seed=seed)))
    finally:
        product.stop()
        provider.close()


class Storm:
    """Its plan, and the ledger of what was told."""

    def __init__(self, provider: Provider, *, texts: int, rate: float, seed: int) -> None:
        self.customers = [f"+1555030{n:04}" for n in range(CUSTOMERS)]
        self.rate = rate
        self.ledger: dict[str, Text] = {}
        self.answers: Counter[int] = Counter()
        self.forged_in = 0
        self._provider = provider
        self._texts = texts
        self._random = random.Random(seed)

    def plan(self, posts: Posts) -> list[Delivery]:
        """Every text, three in ten of them again by either address, and a tenth more that nobody signed."""
        planned = []
        for number in range(self._texts):
            customer = self.customers[number % CUSTOMERS]
            name = f"text {number}"
            self.ledger[name] = Text(customer)
            params = self._provider.message(sender=customer, to=OURS, body=name)
            planned.append(Delivery(name, posts.request(MESSAGES, params), forged=False))
            if self._random.random() < 0.3:
                path = self._random.choice([MESSAGES, FALLBACK])
                more = params | ({"ErrorCode": "11200"} if path == FALLBACK else {})
                planned.append(Delivery(name, posts.request(path, more), forged=False))
            if self._random.random() < 1 / 9:
                forged = self._provider.message(sender=customer, to=OURS, body=f"forged {number}")
                bad = secrets.token_urlsafe(21)
                planned.append(Delivery(forged["Body"], posts.request(MESSAGES, forged, signature=bad), forged=True))
        self._random.shuffle(planned)
        return planned

    async def deliver(self, posts: Posts, delivery: Delivery) -> None:
        """As the provider does: until it is taken."""
        if delivery.forged:
            status = await posts.post(delivery.request)
            self.answers[status] += 1
            self.forged_in += status == 200
            return
        text = self.ledger[delivery.name]

        def going() -> None:
            text.begun_at = text.begun_at or time.perf_counter()

        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            status = await posts.post(delivery.request, going=going)
            self.answers[status] += 1
            if status == 200:
                text.told_at = text.told_at or time.perf_counter()
                return
            await asyncio.sleep(AGAIN_SECONDS)


async def _storm(product: Product, provider: Provider, storm: Storm) -> Outcome:
    logins = product.logins()
    agents = [await ready_agent(product.url, name, logins[name]) for name in AGENTS]
    posts = Posts(product.url, provider, most=400)
    try:
        plan = storm.plan(posts)
        memory, seconds = await _rain(product, storm, posts, plan)
        await asyncio.to_thread(wait_until, lambda: _is_still(product), seconds=60, what="the last text")
        stood = _stood(product)
        await _quiet(agents)
    finally:
        posts.close()
        for agent in agents:
            await agent.stop()
    return Outcome(
        verdict=judge(storm.ledger, stood),
        shown=_on_screens(agents, storm, stood),
        texts=len(storm.ledger),
        deliveries=len(plan),
        seconds=seconds,
        answers=storm.answers,
        forged_in=storm.forged_in,
        megabytes=memory,
    )


async def _rain(product: Product, storm: Storm, posts: Posts, plan: list[Delivery]) -> tuple[list[float], float]:
    """All of the plan at its rate; the product's memory after each quarter, and how long it took."""
    memory = []
    start = time.perf_counter()
    quarter = -(-len(plan) // 4)
    for begin in range(0, len(plan), quarter):
        going = []
        first = time.perf_counter()
        for number, delivery in enumerate(plan[begin : begin + quarter]):
            await asyncio.sleep(max(0.0, first + number / storm.rate - time.perf_counter()))
            going.append(asyncio.create_task(storm.deliver(posts, delivery)))
        await asyncio.gather(*going)
        memory.append(sum(floors.resident_mb(process.pid) for process in product.processes.values()))
    return memory, time.perf_counter() - start


def _is_still(product: Product) -> bool:
    """All that was taken is brought in and numbered."""
    waiting = product.rows("SELECT COUNT(*) FROM conversations_arrival WHERE due_at IS NOT NULL")
    behind = product.rows(
        "SELECT COUNT(*) FROM eventlog_event WHERE id NOT IN (SELECT event_id FROM eventlog_position)"
    )
    return waiting == behind == [(0,)]


def _stood(product: Product) -> list[tuple[str, str]]:
    return [
        (customer, body)
        for customer, body in product.rows(
            "SELECT i.address, m.body FROM conversations_message m "
            "JOIN conversations_conversation c ON c.id = m.conversation_id "
            "JOIN conversations_identity i ON i.id = c.identity_id "
            "WHERE m.direction = 'inbound' ORDER BY c.id, m.\"index\""
        )
    ]


def _heard(agents: list[Agent]) -> list[str]:
    return [event["data"]["body"] for agent in agents for event in agent.events if event["type"] == "message.added"]


async def _quiet(agents: list[Agent]) -> None:
    """Returns when the agents' sockets are still: all that can come has come."""
    seen = -1
    while (now := len(_heard(agents))) > seen:
        seen = now
        await asyncio.sleep(1)


def _on_screens(agents: list[Agent], storm: Storm, stood: list[tuple[str, str]]) -> Verdict:
    """Of what agents heard live: that it is there once and in order. What came before they joined they read by page."""
    heard = _heard(agents)
    places = {text: place for place, (_, text) in enumerate(stood)}
    customers: Mapping[str, Text] = storm.ledger
    last: dict[str, int] = {}
    misordered = []
    for text in heard:
        customer = customers[text].customer
        if places[text] < last.get(customer, -1):
            misordered.append(text)
        last[customer] = places[text]
    first = {customers[text].customer: places[text] for text in reversed(heard)}
    there = set(heard)
    missing = [
        text for customer, text in stood if customer in first and places[text] > first[customer] and text not in there
    ]
    return Verdict(lost=missing, doubled=[t for t, n in Counter(heard).items() if n > 1], misordered=misordered)


def _count(verdict: Verdict) -> int:
    return len(verdict.lost) + len(verdict.doubled) + len(verdict.misordered) + len(verdict.forged)
