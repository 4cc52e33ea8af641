"""The running product, as a user has it: real processes on a free port, in either shape."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60

# What a test run may carry in its environment and the product must not inherit.
_OURS = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PUBLIC_URL", "SECRET_KEY", "ALLOWED_HOSTS", "TRUSTED_ORIGINS"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Any, *, seconds: float, what: str) -> Any:
    """Ask until ``condition()`` answers something true; raises ``TimeoutError`` naming what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not come within {seconds:g} s")


def answers(url: str) -> int:
    """The status of a GET, 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@dataclass
class Product:
    """Start, restart, kill, stop. ``roles`` are the production shape's processes; embedded has the one, "serve".

    ``embedded``: that shape, whatever the environment says.
    """

    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    var: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="cc-")))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    embedded: bool = False

    def __post_init__(self) -> None:
        self.production = bool(os.environ.get("DATABASE_URL")) and not self.embedded
        foreign = _OURS if self.production else _OURS | {"DATABASE_URL", "REDIS_URL"}
        inherited = {name: value for name, value in os.environ.items() if name not in foreign}
        self.env = {**inherited, "VAR_DIR": str(self.var), "PORT": str(self.port), **self.env}
        self.log = (self.var / "product.log").open("ab")
        if self.production:
            self._production_environment()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def roles(self) -> dict[str, list[str]]:
        manage = [sys.executable, "manage.py"]
        if not self.production:
            return {"serve": [*manage, "serve", "--port", str(self.port)]}
        celery = [sys.executable, "-m", "celery", "-A", "contactcenter.celery:app", "worker", "--pool=threads"]
        return {
            "web": [*manage, "web", "--port", str(self.port), "--grace", "2"],
            "worker": [*celery, "--concurrency=4", "--without-gossip", "--without-mingle", "--loglevel=warning"],
            "pump-1": [*manage, "pump"],
            "pump-2": [*manage, "pump"],
        }

    def start(self) -> "Product":
        if self.production:
            self.manage("migrate", "--verbosity=0")
            self.manage("collectstatic", "--noinput", "--verbosity=0")
            self.manage("demo", "--verbosity=0")
        for role in self.roles:
            self.start_role(role)
        self.wait_ready()
        return self

    def start_role(self, role: str) -> None:
        self.processes[role] = subprocess.Popen(
            self.roles[role], cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def wait_ready(self) -> None:
        wait_until(lambda: answers(f"{self.url}/readyz") == 200, seconds=READY_SECONDS, what=f"{self.url}/readyz")

    def kill(self, role: str) -> None:
        """kill -9, and wait until it is gone."""
        process = self.processes.pop(role)
        process.kill()
        process.wait(10)

    def terminate(self, role: str, *, seconds: float = 15) -> int:
        """TERM; the exit code. One that does not end is left in ``processes``, to be killed."""
        process = self.processes[role]
        process.send_signal(signal.SIGTERM)
        code = process.wait(seconds)
        del self.processes[role]
        return code

    def restart(self) -> None:
        """All processes end by TERM and start again on the same data."""
        for role in list(self.processes):
            self.terminate(role)
        for role in self.roles:
            self.start_role(role)
        self.wait_ready()

    def stop(self) -> None:
        for role in list(self.processes):
            try:
                self.terminate(role)
            except subprocess.TimeoutExpired:
                self.kill(role)
        self.log.close()
        if self.production:
            self._drop_database()

    def manage(self, *arguments: str) -> str:
        """Run a management command against the same data; its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stderr[-2000:]}")
        return done.stdout

    def logins(self) -> dict[str, str]:
        """User name → password of the demo people; "key" → the demo bot's API token.

        "account" → the account's sid, "auth token" → its auth token.
        """
        found = {}
        for line in (self.var / "demo-logins.txt").read_text().splitlines():
            words = line.split()
            if line.startswith("api key"):
                found["key"] = words[-1]
            elif line.startswith("account"):
                found["account"], found["auth token"] = words[1:]
            elif len(words) == 3:
                found[words[1]] = words[2]
        return found

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read the database behind the product's back: what tests judge by."""
        if self.production:
            with psycopg.connect(self.env["DATABASE_URL"]) as connection:
                return list(connection.execute(query, parameters).fetchall())
        import sqlite3

        with sqlite3.connect(f"file:{self.var}/contactcenter.sqlite3?mode=ro", uri=True, timeout=20) as file:
            return list(file.execute(query.replace("%s", "?"), parameters).fetchall())

    def log_text(self) -> str:
        return (self.var / "product.log").read_text(errors="replace")

    # --- the production shape's own database ---

    def _production_environment(self) -> None:
        self._server = os.environ["DATABASE_URL"]
        self._database = f"cc_live_{secrets.token_hex(4)}"
        parts = urlsplit(self._server)
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}"')
        self.env |= {
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{self._database}")),
            "SECRET_KEY": secrets.token_hex(40),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "PUBLIC_URL": self.url,
            "TWIN_ENABLED": self.env.get("TWIN_ENABLED", "1"),
            "TWIN_OPEN": "1",
            "EGRESS_ALLOW": "127.0.0.0/8",
            "TRUSTED_ORIGINS": self.url,
            "STATIC_ROOT": str(self.var / "static"),
        }

    def _drop_database(self) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')
