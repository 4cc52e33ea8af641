"""The least that any product must do here: one committed INSERT, one echo over a bare WebSocket, one import."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import psycopg
from aiohttp import web

from bench.figures import percentile

ROUNDS = 200


def insert_ms(*, database_url: str, folder: Path) -> float:
    """Median of one INSERT and its commit, through the bare driver, in the shape's own database."""
    return percentile(_postgresql(database_url) if database_url else _sqlite(folder), 0.5)


def _postgresql(url: str) -> list[float]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, body text)")
        return _timed(lambda: connection.execute("INSERT INTO bench_floor (body) VALUES ('x')"))


def commits_per_second(url: str, *, seconds: float) -> float:
    """How often one connection can insert a row and commit, the bare driver and a prepared statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, body text)")
        began = time.perf_counter()
        count = 0
        while (took := time.perf_counter() - began) < seconds:
            connection.execute("INSERT INTO bench_floor (body) VALUES ('x')", prepare=True)
            count += 1
    return count / took


def _sqlite(folder: Path) -> list[float]:
    import sqlite3

    file = sqlite3.connect(folder / "floor.sqlite3", isolation_level=None)
    file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE floor (id integer, body)")
    return _timed(lambda: file.execute("INSERT INTO floor (body) VALUES ('x')"))


def _timed(work: Callable[[], object]) -> list[float]:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return took


async def echo_ms() -> float:
    """Median of one frame there and back over a bare WebSocket."""

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    took = []
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/") as socket:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await socket.send_str("x" * 200)
            await socket.receive()
            took.append((time.perf_counter() - began) * 1000)
    await runner.cleanup()
    return percentile(took, 0.5)


_BARE = "import django, daphne.server, channels, celery, twilio.rest, time; print('up', flush=True); time.sleep(60)"


def bare_process() -> tuple[float, float]:
    """Seconds to import, and MB of memory, of a Python that has loaded the libraries and does nothing."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _BARE], stdout=subprocess.PIPE, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    )
    assert process.stdout is not None
    process.stdout.readline()
    took = time.perf_counter() - began
    memory = resident_mb(process.pid)
    process.kill()
    process.wait()
    return took, memory


def resident_mb(pid: int | str = "self") -> float:
    """A process's resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def both(database_url: str, folder: Path) -> float:
    """INSERT plus echo: the floor of a message's way from the webhook to a screen."""
    return insert_ms(database_url=database_url, folder=folder) + asyncio.run(echo_ms())
