import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from contactcenter.supervisor import Child, Supervisor

# Writes its name when it starts and again when it is told to stop.
POLITE = """
import signal, sys
log, name = sys.argv[1:3]
def note(text):
    with open(log, "a") as file:
        file.write(text + "\\n")
def end(*_):
    note(f"end {name}")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
note(f"start {name}")
while True:
    signal.pause()
"""
STUBBORN = POLITE.replace("sys.exit(0)", "return")


def child(log: Path, name: str, *, stage: int = 0, program: str = POLITE) -> Child:
    return Child(name, [sys.executable, "-c", program, str(log), name], stage=stage)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def eventually(condition, *, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, "did not happen in time"
        pause.wait(0.01)


@pytest.fixture
def supervised():
    running = []

    def start(*children: Child, stop_seconds: float = 9.0) -> Supervisor:
        supervisor = Supervisor(children, stop_seconds=stop_seconds)
        thread = threading.Thread(target=supervisor.run)
        supervisor.join = thread.join
        thread.start()
        running.append(supervisor)
        return supervisor

    yield start
    for supervisor in running:
        supervisor.stop()
        supervisor.join(15)


def test_children_end_stage_by_stage(supervised, tmp_path):
    log = tmp_path / "log"
    supervisor = supervised(child(log, "pump", stage=2), child(log, "web", stage=0), child(log, "worker", stage=1))
    eventually(lambda: len(lines(log)) == 3)

    supervisor.stop()
    supervisor.join(10)

    assert lines(log)[3:] == ["end web", "end worker", "end pump"]


def test_dead_child_starts_again_and_the_other_is_left_alone(supervised, tmp_path):
    log = tmp_path / "log"
    first, second = child(log, "first"), child(log, "second")
    supervised(first, second)
    eventually(lambda: len(lines(log)) == 2)
    untouched = second.process.pid

    first.process.send_signal(signal.SIGKILL)
    eventually(lambda: lines(log).count("start first") == 2)

    assert second.process.pid == untouched
    assert first.deaths == 1


def test_child_that_does_not_stop_is_killed_in_time(supervised, tmp_path):
    log = tmp_path / "log"
    stubborn = child(log, "stubborn", program=STUBBORN)
    supervisor = supervised(stubborn, stop_seconds=0.5)
    eventually(lambda: len(lines(log)) == 1)

    started = time.monotonic()
    supervisor.stop()
    supervisor.join(10)

    assert time.monotonic() - started < 5
    assert stubborn.process.returncode == -signal.SIGKILL
    assert lines(log) == ["start stubborn", "end stubborn"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_killed_supervisor_takes_its_children_along(tmp_path):
    log = tmp_path / "log"
    program = (
        "import sys; from contactcenter.supervisor import Child, Supervisor;"
        "log, code = sys.argv[1:3];"
        "Supervisor([Child('orphan', [sys.executable, '-c', code, log, 'orphan'], stage=0)]).run()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(log), POLITE])
    eventually(lambda: lines(log) == ["start orphan"])

    parent.kill()
    parent.wait()

    eventually(lambda: lines(log) == ["start orphan", "end orphan"])
