"""From the provider's POST to the agent's socket, at a steady rate, with open-loop arrivals."""

import asyncio
import contextlib
import os
import time
from dataclasses import asdict
from typing import Any

import aiohttp

from bench import figures, floors
from bench.figures import Figure
from bench.report import Section
from tests.support.agent import Agent, ready_agent
from tests.support.carrier import Provider
from tests.support.product import Product

OURS = "+15550001000"
AGENTS = ("ana", "ben", "sofia")
CUSTOMERS = 24
RATES = (1.0, 20.0, 100.0)


def section(*, quick: bool) -> Section:
    """The whole product under texts, in the shape that the environment gives."""
    shape = "production" if os.environ.get("DATABASE_URL") else "embedded"
    rows = measure(seconds=5 if quick else 15)
    return Section(
        f"Messages ({shape} shape)",
        figures.COLUMNS,
        [row.cells for row in rows],
        data={"shape": shape, "figures": [asdict(row) for row in rows]},
    )


def measure(*, seconds: float) -> list[Figure]:
    bare_start, bare_memory = floors.bare_process()
    provider = Provider()
    product = Product(env=provider.environment())
    try:
        product.start()
        began = time.perf_counter()
        product.restart()
        warm = time.perf_counter() - began
        idle = sum(floors.resident_mb(process.pid) for process in product.processes.values())
        rows = asyncio.run(_texts(product, provider, seconds=seconds))
    finally:
        product.stop()
        provider.close()
    return [
        *rows,
        figures.of("warm restart until ready", [warm], floor=bare_start, unit="s"),
        figures.of("idle memory, all processes", [idle], floor=bare_memory, unit="MB"),
    ]


async def _texts(product: Product, provider: Provider, *, seconds: float) -> list[Figure]:
    url = product.env.get("DATABASE_URL", "") if product.production else ""
    stage = Stage(product, provider)
    rows = []
    await stage.open()
    try:
        insert = floors.insert_ms(database_url=url, folder=product.var)
        echo = await floors.echo_ms()
        offers = await stage.offers()
        rows.append(figures.of("first words to offer on the socket", offers, floor=2 * insert + echo))
        for rate in RATES:
            took, lost = await stage.stream(rate=rate, seconds=max(seconds, 20 / rate))
            note = f"{len(took)} texts" + (f", {lost} late or lost" if lost else "")
            rows.append(figures.of(f"webhook to socket at {rate:g}/s", took, floor=insert + echo, note=note))
    finally:
        await stage.close()
    return rows


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
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def open(self) -> None:
        logins = self.product.logins()
        for name in AGENTS:
            agent = await ready_agent(self.product.url, name, logins[name])
            self._watch(agent)
            self.agents.append(agent)

    async def close(self) -> None:
        for agent in self.agents:
            await agent.stop()
        await self.session.close()

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

    async def text(self, customer: str, body: str) -> tuple[float, int]:
        """Send one text; when the POST began and what it was answered."""
        params = self.provider.message(sender=customer, to=OURS, body=body)
        url = f"{self.product.url}/webhooks/twilio/messages"
        signature = self.provider._signer.compute_signature(url, params)
        began = time.perf_counter()
        async with self.session.post(url, data=params, headers={"X-Twilio-Signature": signature}) as answer:
            return began, answer.status

    async def offers(self) -> list[float]:
        """First words of each customer, one after the other: milliseconds until an agent's socket has the offer."""
        took = []
        for customer in self.customers:
            began, _ = await self.text(customer, f"first words of {customer}")
            await eventually(lambda customer=customer: customer in self.offered)
            took.append((self.offered[customer] - began) * 1000)
        await self._all_joined()
        return took

    async def _all_joined(self) -> None:
        def joined() -> bool:
            seen = [e for a in self.agents for e in a.events if e["type"] == "participant.added"]
            return len(seen) >= CUSTOMERS

        await eventually(joined)

    async def stream(self, *, rate: float, seconds: float) -> tuple[list[float], int]:
        """Texts at a steady rate: milliseconds from POST to frame, and how many did not come."""
        self._streams += 1
        total = max(1, int(rate * seconds))
        start = time.perf_counter()
        sent: dict[str, asyncio.Task[tuple[float, int]]] = {}
        for number in range(total):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            body = f"text {number} of stream {self._streams}"
            sent[body] = asyncio.create_task(self.text(self.customers[number % CUSTOMERS], body))
        began = dict(zip(sent, await asyncio.gather(*sent.values()), strict=True))
        with contextlib.suppress(TimeoutError):
            await eventually(lambda: all(body in self.arrived for body in sent), seconds=20)
        came = [body for body in sent if body in self.arrived and began[body][1] == 200]
        return [(self.arrived[body] - began[body][0]) * 1000 for body in came], total - len(came)


async def eventually(condition: Any, *, seconds: float = 20) -> None:
    """Wait for something that happens in this very loop."""
    deadline = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.005)
