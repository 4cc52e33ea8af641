"""From the provider's POST to the agent's socket, at a steady rate, with open-loop arrivals."""

import asyncio
import contextlib
import os
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import figures, floors
from bench.figures import Figure
from bench.posts import Posts
from bench.report import Check, Section
from conversations.core.doors import MESSAGES
from tests.support.agent import Agent, ready_agent
from tests.support.carrier import Provider
from tests.support.product import Product

OURS = "+15550001000"
AGENTS = ("ana", "ben", "sofia")
CUSTOMERS = 24
RATES = (1.0, 20.0, 200.0, 600.0)
AT_ONCE = 16
FLOOD = 6000


@dataclass(frozen=True, slots=True)
class Sent:
    """When a POST began, when it was answered, and what."""

    began: float
    told: float
    status: int


@dataclass(slots=True)
class Stream:
    """Milliseconds until the answer, and until an agent's socket had it; how many did not get that far."""

    acks: list[float] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)
    lost: int = 0


def section(*, quick: bool) -> Section:
    """The whole product under texts, in the shape that the environment gives."""
    shape = "production" if os.environ.get("DATABASE_URL") else "embedded"
    rows, checks = measure(seconds=5 if quick else 15, flood=FLOOD // 4 if quick else FLOOD)
    return Section(
        f"Messages ({shape} shape)",
        figures.COLUMNS,
        [row.cells for row in rows],
        checks=checks if shape == "production" else [],
        data={"shape": shape, "figures": [asdict(row) for row in rows]},
    )


def measure(*, seconds: float, flood: int) -> tuple[list[Figure], list[Check]]:
    bare_start, bare_memory = floors.bare_process()
    provider = Provider()
    product = Product(env=provider.environment())
    try:
        product.start()
        began = time.perf_counter()
        product.restart()
        warm = time.perf_counter() - began
        idle = sum(floors.resident_mb(process.pid) for process in product.processes.values())
        rows, checks = asyncio.run(_texts(product, provider, seconds=seconds, flood=flood))
    finally:
        product.stop()
        provider.close()
    rows += [
        figures.of("warm restart until ready", [warm], floor=bare_start, unit="s"),
        figures.of("idle memory, all processes", [idle], floor=bare_memory, unit="MB"),
    ]
    return rows, checks


async def _texts(
    product: Product, provider: Provider, *, seconds: float, flood: int
) -> tuple[list[Figure], list[Check]]:
    url = product.env.get("DATABASE_URL", "") if product.production else ""
    stage = Stage(product, provider)
    rows, checks = [], []
    await stage.open()
    try:
        insert = floors.insert_ms(database_url=url, folder=product.var)
        echo = await floors.echo_ms()
        offers = await stage.offers()
        rows.append(figures.of("first words to offer on the socket", offers, floor=2 * insert + echo))
        for rate in RATES:
            found = await stage.stream(rate=rate, seconds=max(seconds, 20 / rate))
            row = figures.of(f"webhook to socket at {rate:g}/s", found.screens, floor=insert + echo, note=_note(found))
            rows += [row, figures.of(f"webhook to answer at {rate:g}/s", found.acks, floor=insert)]
            checks += _promises(rate, row, found)
        floor = floors.commits_per_second(url, seconds=1) if url else 1000 / insert
        found, reached = await stage.flood(total=flood, at_once=AT_ONCE)
        note = f"{reached:.0f}/s, floor {floor:.0f}/s; {_note(found)}"
        row = figures.of(f"webhook to answer, {AT_ONCE} at once", found.acks, floor=insert, note=note)
        rows.append(row)
        checks += [
            Check("signed webhooks a second ÷ commits a second", reached / floor, "≥", 0.2),
            Check("signed webhooks a second", reached, "≥", 600, "/s"),
            Check("webhook to answer, p99", row.p99, "≤", 60, "ms"),
            Check("texts late or lost", found.lost, "≤", 0, ""),
        ]
    finally:
        await stage.close()
    return rows, checks


def _note(found: Stream) -> str:
    return f"{len(found.screens)} texts" + (f", {found.lost} late or lost" if found.lost else "")


def _promises(rate: float, row: Figure, found: Stream) -> list[Check]:
    """What was promised at this rate."""
    if rate == 200:
        return [
            Check("text to socket at 200/s, p50", row.p50, "≤", 15, "ms"),
            Check("text to socket at 200/s, p95", row.p95, "≤", 60, "ms"),
        ]
    if rate == 600:
        return [
            Check("texts at 600/s late or lost", found.lost, "≤", 0, ""),
            Check("text to socket at 600/s, p99", row.p99, "≤", 1000, "ms"),
        ]
    return []


class Stage:
    """Agents at their desks with open conversations, and a clock for each text."""

    def __init__(self, product: Product, provider: Provider) -> None:
        self.product = product
        self.provider = provider
        self.customers = [f"+1555020{n:04}" for n in range(CUSTOMERS)]
        self.arrived: dict[str, float] = {}
        self.offered: dict[str, float] = {}
        self.agents: list[Agent] = []
        self._streams = 0
        self.posts = Posts(product.url, provider)

    async def open(self) -> None:
        logins = self.product.logins()
        for name in AGENTS:
            agent = await ready_agent(self.product.url, name, logins[name])
            self._watch(agent)
            self.agents.append(agent)

    async def close(self) -> None:
        for agent in self.agents:
            await agent.stop()
        self.posts.close()

    def _watch(self, agent: Agent) -> None:
        follow = agent.on_event

        def watch(frame: dict[str, Any]) -> None:
            now = time.perf_counter()
            if frame["type"] == "message.added":
                self.arrived.setdefault(frame["data"]["body"], now)
            elif frame["type"] == "reservation.created":
                self.offered.setdefault(frame["data"]["task"]["attributes"]["from"], now)
            follow(frame)

        agent.on_event = watch

    async def text(self, customer: str, body: str) -> Sent:
        """Send one text."""
        return await self.send(self.request(customer, body))

    def request(self, customer: str, body: str) -> bytes:
        """The bytes of one text."""
        return self.posts.request(MESSAGES, self.provider.message(sender=customer, to=OURS, body=body))

    async def send(self, request: bytes) -> Sent:
        began = time.perf_counter()
        status = await self.posts.post(request)
        return Sent(began, time.perf_counter(), status)

    async def offers(self) -> list[float]:
        """First words of each customer, one after the other: milliseconds until an agent's socket has the offer."""
        took = []
        for customer in self.customers:
            sent = await self.text(customer, f"first words of {customer}")
            await eventually(lambda customer=customer: customer in self.offered)
            took.append((self.offered[customer] - sent.began) * 1000)
        await self._all_joined()
        return took

    async def _all_joined(self) -> None:
        def joined() -> bool:
            seen = [e for a in self.agents for e in a.events if e["type"] == "participant.added"]
            return len(seen) >= CUSTOMERS

        await eventually(joined)

    async def stream(self, *, rate: float, seconds: float) -> Stream:
        """Texts at a steady rate, whoever is behind."""
        total = max(1, int(rate * seconds))
        texts = self._texts(total)
        start = time.perf_counter()
        sending: list[asyncio.Task[Sent]] = []
        for number, request in enumerate(texts.values()):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            sending.append(asyncio.create_task(self.send(request)))
        return await self._arrived(list(texts), await asyncio.gather(*sending))

    async def flood(self, *, total: int, at_once: int) -> tuple[Stream, float]:
        """As many texts as the product takes, so many at once; and how many a second it took."""
        texts = self._texts(total)
        waiting = iter(texts.items())
        sent: dict[str, Sent] = {}

        async def sender() -> None:
            for body, request in waiting:
                sent[body] = await self.send(request)

        start = time.perf_counter()
        await asyncio.gather(*(sender() for _ in range(at_once)))
        rate = total / (time.perf_counter() - start)
        return await self._arrived(list(texts), [sent[body] for body in texts]), rate

    def _texts(self, total: int) -> dict[str, bytes]:
        """The requests by their words, made before the clock starts."""
        self._streams += 1
        bodies = [f"text {number} of stream {self._streams}" for number in range(total)]
        return {body: self.request(self.customers[n % CUSTOMERS], body) for n, body in enumerate(bodies)}

    async def _arrived(self, bodies: list[str], sent: list[Sent]) -> Stream:
        with contextlib.suppress(TimeoutError):
            await eventually(lambda: all(body in self.arrived for body in bodies), seconds=30)
        found = Stream()
        for body, one in zip(bodies, sent, strict=True):
            if one.status == 200:
                found.acks.append((one.told - one.began) * 1000)
            if one.status == 200 and body in self.arrived:
                found.screens.append((self.arrived[body] - one.began) * 1000)
            else:
                found.lost += 1
        return found


async def eventually(condition: Any, *, seconds: float = 20) -> None:
    """Wait for something that happens in this very loop."""
    deadline = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.005)
