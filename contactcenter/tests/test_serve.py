"""The embedded product as a process: what it refuses, what it answers on the wire, how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
import requests
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from contactcenter.environment import BASE_DIR

pytestmark = pytest.mark.timeout(120)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port, folder, *arguments, **more):
    env = {"PATH": os.environ["PATH"], "READ_DOT_ENV": "0", "VAR_DIR": str(folder)}
    command = [sys.executable, "manage.py", "serve", "--port", str(port), *arguments]
    return subprocess.Popen(command, cwd=BASE_DIR, env=env, text=True, stderr=subprocess.STDOUT, **more)


def status(url) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running product: port, folder, process."""
    port, folder = free_port(), tmp_path_factory.mktemp("served")
    log = folder / "log"
    with log.open("w") as out:
        process = start(port, folder / "var", stdout=out)
    until = time.monotonic() + 60
    while status(f"http://127.0.0.1:{port}/readyz") != 200:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
    yield port, folder, process
    process.kill()
    process.wait()


def test_it_says_what_to_open_and_who_may(served):
    port, folder, _ = served
    text = (folder / "log").read_text()

    assert f"http://127.0.0.1:{port}/phones/" in text
    assert f"http://127.0.0.1:{port}/desk/" in text
    for name in ("agent", "supervisor", "admin"):
        assert name in text
    assert "Traceback" not in text
    assert "arning:" not in text, text


def test_what_it_keeps_is_for_the_owner_alone(served):
    _, folder, _ = served

    for name in ("contactcenter.sqlite3", "demo-logins.txt", "secrets/secret_key"):
        assert (folder / "var" / name).stat().st_mode & 0o077 == 0, name


def test_a_port_in_use_is_one_clear_line(served, tmp_path):
    port, _, _ = served

    process = start(port, tmp_path, stdout=subprocess.PIPE)
    text, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert len(text.strip().splitlines()) == 1, text
    assert f"Port {port}" in text
    assert f"--port {port + 1}" in text


def test_a_large_body_is_refused_before_it_was_sent(served):
    port, _, _ = served
    head = f"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 20000000\r\n\r\n"

    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(head.encode() + b"x" * 1000)
        answer = wire.makefile("rb").readline()

    assert answer == b"HTTP/1.1 413 Content Too Large\r\n"


def test_a_large_body_of_unknown_length_is_refused_on_the_way(served):
    port, _, _ = served
    head = f"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(head.encode())
        sent = 0
        try:
            while sent < 20_000_000:
                wire.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass

    assert sent < 20_000_000
    assert status(f"http://127.0.0.1:{port}/readyz") == 200


def test_a_forged_origin_is_closed_with_a_reason(served):
    port, _, _ = served

    with (
        websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws/desk", origin="http://evil.example") as socket_,
        pytest.raises(ConnectionClosedError) as closed,
    ):
        socket_.recv(timeout=10)

    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "origin not allowed")


def test_static_files_are_served_by_hashed_names_and_kept(served):
    port, _, _ = served
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=5) as page:
        name = page.read().decode().partition('rel="stylesheet" href="')[2].partition('"')[0]

    with urllib.request.urlopen(f"http://127.0.0.1:{port}{name}", timeout=5) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/css")


def agent_cookies(port, folder) -> str:
    """What the browser of a signed-in agent sends."""
    url = f"http://127.0.0.1:{port}"
    rows = [line.split() for line in (folder / "var" / "demo-logins.txt").read_text().splitlines()]
    name, secret = next(row[-2:] for row in rows if row[0] == "agent")
    with requests.Session() as browser:
        browser.get(f"{url}/login/")
        form = {"username": name, "password": secret}
        headers = {"X-CSRFToken": csrf_token(browser.get(f"{url}/login/").text), "Origin": url}
        assert browser.post(f"{url}/login/", data=form, headers=headers, allow_redirects=False).status_code == 302
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def csrf_token(page: str) -> str:
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


def visitor(port) -> str:
    """The token of somebody who has begun a chat."""
    url = f"http://127.0.0.1:{port}"
    answer = requests.post(f"{url}/chat/sessions", json={"deployment": "demo"}, headers={"Origin": url}, timeout=10)
    return answer.json()["token"]


def hello(token) -> str:
    return json.dumps({"do": "hello", "token": token})


@pytest.fixture(scope="module")
def talkative(served) -> str:
    """The token of a visitor whose screen shows more than 64 KiB."""
    port, _, _ = served
    token = visitor(port)
    with websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws/chat") as wire:
        wire.send(hello(token))
        wire.recv(timeout=10)
        for number in range(18):
            ref = f"ref-{number:08d}"
            wire.send(json.dumps({"do": "message.post", "ref": ref, "body": "😀" * 1600}, ensure_ascii=False))
            while (answer := json.loads(wire.recv(timeout=10))).get("ref") != ref:
                assert answer["t"] != "error", answer
    return token


def test_a_screen_of_more_than_a_frame_may_have_is_shown(served, talkative):
    port, _, _ = served

    with websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws/chat") as wire:
        wire.send(hello(talkative))
        welcome = wire.recv(timeout=10)

    assert len(welcome.encode()) > 64 * 1024
    assert len(json.loads(welcome)["snapshot"]["messages"]) == 18


def test_a_socket_whose_client_does_not_read_is_cut(served, talkative):
    port, folder, _ = served

    url = f"ws://127.0.0.1:{port}/ws/chat"
    with (
        websockets.sync.client.connect(url) as reader,
        websockets.sync.client.connect(url, max_queue=1) as wire,
        suppress(ConnectionClosed),
    ):
        for _ in range(200):
            wire.send(hello(talkative))
            reader.send(hello(talkative))
            reader.recv(timeout=10)  # Whoever asks faster than he is answered is cut for that.

    assert "its client does not read" in (folder / "log").read_text()


def test_large_bodies_of_many_at_once_are_refused_and_small_ones_are_not(served):
    port, _, _ = served
    size = 25 * 1024 * 1024
    path = f"/desk/conversations/CH{'0' * 32}/files"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {size}\r\n\r\n"
    wires = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(7)]
    refused = 0

    for wire in wires:
        try:
            wire.sendall(head.encode() + b"x" * (size - 1))  # One byte is wanting: each stays.
        except OSError:
            refused += 1

    assert refused == 2
    assert status(f"http://127.0.0.1:{port}/login/") == 200
    for wire in wires:
        wire.close()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall(head.encode() + b"x" * size)
        assert wire.makefile("rb").readline() == b"HTTP/1.1 403 Forbidden\r\n"


def resident(process) -> int:
    """The memory of the process, in MiB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def own_file(port, content: bytes) -> tuple[str, str]:
    """A visitor's token, and the path of a file that he has sent."""
    url, token = f"http://127.0.0.1:{port}", visitor(port)
    form = {"file": ("a.pdf", content, "application/pdf")}
    made = requests.post(f"{url}/chat/files", files=form, headers={"X-Chat-Token": token}, timeout=20).json()["file"]
    with websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws/chat") as wire:
        wire.send(hello(token))
        wire.send(json.dumps({"do": "message.post", "ref": "ref-00000001", "body": "", "media": [made["sid"]]}))
        while json.loads(wire.recv(timeout=10)).get("ref") != "ref-00000001":
            pass
    return token, f"/chat/media/{made['sid']}"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc")
def test_files_wait_for_their_readers_on_the_disk_and_keep_nobody_out(served):
    port, _, process = served
    content = b"%PDF-1.7\n" + b"x" * (15 * 1024 * 1024)
    token, path = own_file(port, content)
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Chat-Token: {token}\r\nConnection: close\r\n\r\n"
    before = resident(process)

    wires = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(20)]
    firsts = []
    for wire in wires:
        wire.sendall(head.encode())
        firsts.append(wire.recv(1024))
    whole = requests.get(f"http://127.0.0.1:{port}{path}", headers={"X-Chat-Token": token}, timeout=20).content

    assert all(first.startswith(b"HTTP/1.1 200 OK") for first in firsts)
    assert whole == content
    assert resident(process) - before < 100
    late = firsts[0] + b"".join(iter(lambda: wires[0].recv(1 << 20), b""))
    assert late.partition(b"\r\n\r\n")[2] == content
    for wire in wires:
        wire.close()


# Last: it ends what the others ask.
def test_it_ends_cleanly_within_five_seconds_and_sends_sockets_elsewhere(served):
    port, folder, process = served
    url = f"ws://127.0.0.1:{port}/ws/desk"
    headers = {"Cookie": agent_cookies(port, folder)}

    with websockets.sync.client.connect(url, origin=f"http://127.0.0.1:{port}", additional_headers=headers) as wire:
        wire.send('{"do":"hello","cursors":{}}')
        assert json.loads(wire.recv(timeout=10))["t"] == "welcome"
        before = time.monotonic()
        process.send_signal(signal.SIGTERM)
        frames, closed = until_closed(wire)

    assert frames[-1] == {"t": "drain"}
    assert closed.code == 1012
    assert process.wait(10) == 0
    assert time.monotonic() - before < 5
    assert status(f"http://127.0.0.1:{port}/readyz") == 0
    assert "Traceback" not in (folder / "log").read_text()


def until_closed(wire):
    """Every frame that still comes, and the close frame."""
    frames = []
    try:
        while True:
            frames.append(json.loads(wire.recv(timeout=10)))
    except ConnectionClosedError as closed:
        return frames, closed.rcvd
