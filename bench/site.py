"""A scratch database and the processes of the product that work on it."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.scratch import Server

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300.0


class HandFailed(RuntimeError):
    """What was asked of a child process went wrong there."""


class Hand:
    """The parent's end of `bench.hand`."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.hand"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def call(self, function: str, **arguments: Any) -> Any:
        """Have ``module:function`` of `bench` done there; its answer."""
        self.ask(function, **arguments)
        return self.answer()

    def ask(self, function: str, **arguments: Any) -> None:
        """Begin; `answer` waits for the end."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": f"bench.{function}", "with": arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise HandFailed(f"the process ended with {self.process.wait()}; its log: {self._log.name}")
        said = json.loads(line)
        if "error" in said:
            raise HandFailed(said["error"])
        return said["answer"]

    def stop(self) -> None:
        """It has nothing to lose: the database is dropped."""
        self.process.kill()
        self.process.wait()
        self._log.close()


class Site:
    """One database with its environment. Close it, and its processes and data are gone."""

    def __init__(self, server: Server, label: str, *, template: str = "") -> None:
        self.label = label
        self.url = server.create(label, template=template)
        self.var = Path(tempfile.mkdtemp(prefix=f"bench-{label}-"))
        self.env = environment(self.url, self.var)
        self._server = server
        self._hands: list[Hand] = []
        self._pumps: list[subprocess.Popen[bytes]] = []

    def hand(self) -> Hand:
        """A further child process on this database."""
        made = Hand(self.env, self.var / "log")
        self._hands.append(made)
        return made

    def connect(self) -> psycopg.Connection[Any]:
        """Straight to the database, as the feeders and counters do."""
        return psycopg.connect(self.url, autocommit=True)

    def migrate(self) -> None:
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, check=True)

    def pump(self) -> subprocess.Popen[bytes]:
        """A real pump process, as production runs it."""
        with (self.var / "log").open("ab") as log:
            started = subprocess.Popen([sys.executable, "manage.py", "pump"], cwd=ROOT, env=self.env, stderr=log)
        self._pumps.append(started)
        return started

    def log_tail(self, lines: int = 20) -> str:
        path = self.var / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def disconnect(self) -> None:
        """End the processes, keep the data."""
        for pump in self._pumps:
            pump.kill()
            pump.wait()
        for hand in self._hands:
            hand.stop()
        self._hands, self._pumps = [], []

    def close(self) -> None:
        self.disconnect()
        shutil.rmtree(self.var, ignore_errors=True)
        self._server.drop(self.url)


def environment(database_url: str, var: Path) -> dict[str, str]:
    """The production shape on this database; nothing of the caller's ``.env`` comes in."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/13"),
        "SECRET_KEY": secrets.token_hex(40),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "READ_DOT_ENV": "0",
        "LOG_LEVEL": "WARNING",
        "VAR_DIR": str(var),
    }


def wait_for(condition: Any, *, seconds: float = PATIENCE_SECONDS, what: str = "it") -> Any:
    """Ask a hundred times a second until there is an answer; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise TimeoutError(f"{what} did not come within {seconds:g} s")
