"""Keeps a handful of child processes running, and takes them down in order."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

logger = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1
_BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
# One that ran this long had started well: its next death counts as its first.
_SETTLED_SECONDS = 30.0


@dataclass(slots=True)
class Child:
    """One process to keep alive. ``stage``: all of a lower stage end before any of a higher one is told to."""

    name: str
    command: Sequence[str]
    stage: int
    process: "subprocess.Popen[bytes] | None" = None
    deaths: int = 0
    started_at: float = 0.0
    start_at: float = field(default=0.0)

    def start(self) -> None:
        self.started_at = time.monotonic()
        # A session of its own: Ctrl-C in the terminal goes to the supervisor alone, which then keeps the order.
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: S603, PLW1509

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts the children, restarts those that die, and on ``stop`` ends them stage by stage."""

    def __init__(self, children: Sequence[Child], *, stop_seconds: float = 9.0) -> None:
        self._children = children
        self._stop_seconds = stop_seconds
        self._stopping = False

    def stop(self) -> None:
        """May be called from a signal handler, and so takes no lock: the handler may interrupt whoever holds it."""
        self._stopping = True

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Returns when ``stop`` was called and no child is left."""
        try:
            for child in self._children:
                child.start()
            started()
            while not self._stopping:
                time.sleep(_POLL_SECONDS)
                for child in self._children:
                    self._look_after(child)
        finally:
            self._end_all()

    def _look_after(self, child: Child) -> None:
        if child.is_running():
            return
        now = time.monotonic()
        if child.process is not None:
            code, child.process = child.process.returncode, None
            child.deaths = 1 if now - child.started_at > _SETTLED_SECONDS else child.deaths + 1
            pause = _BACK_OFF_SECONDS[min(child.deaths, len(_BACK_OFF_SECONDS)) - 1]
            child.start_at = now + pause
            logger.warning("process died", name=child.name, code=code, starts_again_in_seconds=pause)
        elif now >= child.start_at:
            child.start()

    def _end_all(self) -> None:
        until = time.monotonic() + self._stop_seconds
        for stage in sorted({child.stage for child in self._children}):
            running = [child for child in self._children if child.stage == stage and child.is_running()]
            for child in running:
                _signal(child, signal.SIGTERM)
            # A later stage keeps at least a second of its own.
            later = len({child.stage for child in self._children if child.stage > stage})
            for child in running:
                self._end(child, until=until - later)

    def _end(self, child: Child, *, until: float) -> None:
        if child.process is None:
            return
        try:
            child.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("process did not stop in time", name=child.name)
            _signal(child, signal.SIGKILL)
            child.process.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def _die_with_parent() -> None:
    """Where the kernel can (Linux), a killed supervisor takes its children with it."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
