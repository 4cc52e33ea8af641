"""Inside a `bench.hand` that touches no database: pump processes, forked after the imports are done.

A fresh process spends two seconds of a core on imports; with a kill each second nothing else would be measured.
"""

import ctypes
import os
import signal

from django.core.management import call_command

from bench.floors import resident_mb

_PR_SET_PDEATHSIG = 1


def spawn() -> int:
    """One more pump, as ``manage.py pump`` runs it; its process id. It ends with this process."""
    import routing.router.engine  # noqa: F401 - what the pump would import first

    child = os.fork()
    if child:
        return child
    try:
        ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        call_command("pump")
    finally:
        os._exit(1)


def kill(pid: int) -> None:
    """kill -9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def megabytes(pid: int) -> float:
    """What it holds in memory."""
    return resident_mb(pid)
