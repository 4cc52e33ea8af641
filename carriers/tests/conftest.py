"""A carrier's world: fixed credentials, a bell that only notes, and a server that misbehaves on order."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from django.test import override_settings

from carriers.twin import actions, delivery, outbox
from carriers.twin.models import TwinCustomer, TwinNumber
from kernel import clock

ACCOUNT = "AC" + "a" * 32
TOKEN = "12345678901234567890123456789012"


@pytest.fixture(autouse=True)
def credentials(settings) -> None:
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.TWILIO_AUTH_TOKENS = [TOKEN]
    settings.TWILIO_API_BASE = ""
    settings.TWIN_ENABLED = True
    settings.TWIN_OPEN = True
    settings.PUBLIC_URL = "http://cc.example.com"
    settings.INTERNAL_URL = ""


@pytest.fixture(autouse=True)
def bell(monkeypatch) -> list[bool]:
    """How often workers would have been woken."""
    rung: list[bool] = []
    monkeypatch.setattr(outbox, "_listeners", [lambda: rung.append(True)])
    return rung


@dataclass
class Call:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Listener:
    """An HTTP server that notes what comes and answers as ``answer`` says: status, headers, body, or ``None``."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], tuple[int, dict[str, str], bytes] | None] = lambda _call: (200, {}, b"<Response/>")


@pytest.fixture
def listener() -> Iterator[Listener]:
    noted = Listener()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, dict(self.headers.items()), body, self.client_address)
            noted.calls.append(call)
            answer = noted.answer(call)
            if answer is None:
                self.close_connection = True
                # Not ``close``: the reader and writer still hold the socket.
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    noted.url = f"http://127.0.0.1:{server.server_port}"
    yield noted
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def numbers(db, listener) -> dict[str, TwinNumber]:
    """Our addresses by channel; their webhooks lead to the listener."""
    rows = actions.ensure_numbers(
        webhook_url=f"{listener.url}/webhooks/twilio/messages#rc=5&rp=all",
        fallback_url=f"{listener.url}/webhooks/twilio/fallback",
    )
    return {row.channel: row for row in rows}


@pytest.fixture
def maria(db) -> TwinCustomer:
    return actions.create_customer("sms", name="Maria Lopez", address="+15550100001")


@pytest.fixture
def lucia(db) -> TwinCustomer:
    return actions.create_customer("rcs", name="Lucia Fernandez", address="rcs:+15550100004")


@pytest.fixture
def daniel(db) -> TwinCustomer:
    return actions.create_customer("whatsapp", name="Daniel Okafor", address="whatsapp:+15550100002")


@pytest.fixture
def play() -> Callable[..., int]:
    """Do what the workers do, as if ``seconds`` had passed; returns the number of attempts."""
    import time_machine

    def run(seconds: float = 0) -> int:
        with time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True):
            return delivery.work(linger_seconds=0)

    return run


@pytest.fixture
def twin_api(live_server) -> Iterator[str]:
    """The twin's REST over real HTTP; the base URL that the SDK is pointed to."""
    base = f"{live_server.url}/twin"
    with override_settings(TWILIO_API_BASE=base, PUBLIC_URL=live_server.url):
        yield base
