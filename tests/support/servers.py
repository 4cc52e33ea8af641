"""A PostgreSQL cluster and a Redis of one's own, to be killed; and a line that can be cut."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import redis

from tests.support.product import free_port, wait_until


def postgres_programs() -> Path | None:
    """Where initdb and pg_ctl are, the newest of several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    here = shutil.which("initdb")
    return Path(here).parent if here else None


class PostgreSQL:
    """A cluster in a folder of its own. ``crash`` stops it as a power cut does; ``start`` recovers it."""

    def __init__(self) -> None:
        programs = postgres_programs()
        assert programs is not None
        self._programs = programs
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="cc-postgres-"))
        self.folder.chmod(0o700)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def crash(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        command = [str(self._programs / program), *arguments]
        subprocess.run(
            [*as_owner, *command] if os.getuid() == 0 else command,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis:
    """A server without persistence: killed, it has lost everything."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = tempfile.mkdtemp(prefix="cc-redis-")
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._folder]
        self._process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(self._answers, seconds=10, what="Redis")

    def flush(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False


class Line:
    """A TCP proxy before a port of this machine, that can be cut and mended.

    ``cut`` breaks every connection, whatever was under way on it, and refuses new ones. ``swallow`` lets requests
    through and keeps the answers back, until the line is cut or mended.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._ends: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._answers = asyncio.Event()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.port: int = self._call(self._serve())

    def cut(self) -> None:
        self._call(self._cut())

    def swallow(self) -> None:
        self._call(self._hold(True))

    def mend(self) -> None:
        self._is_cut = False
        self._call(self._hold(False))

    def close(self) -> None:
        self._call(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _call(self, work):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _serve(self) -> int:
        self._answers.set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _hold(self, swallowing: bool) -> None:
        if swallowing:
            self._answers.clear()
        else:
            self._answers.set()

    async def _cut(self) -> None:
        self._is_cut = True
        for end in tuple(self._ends):
            end.transport.abort()
        self._answers.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer, answers=True))
        finally:
            self._ends -= {writer, far_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                if answers:
                    await self._answers.wait()
                writer.write(chunk)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()


def until_answers(server: PostgreSQL, *, seconds: float = 60) -> None:
    """Recovery takes its time."""
    deadline = time.monotonic() + seconds
    while not server.answers():
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not come back")
        time.sleep(0.1)
