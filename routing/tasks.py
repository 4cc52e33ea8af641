"""The workers' part: starting replays. Arguments are sids; the rows are the truth.

A task may run twice or never: the claim decides, and the sweep in ``replaying_timers`` rings again.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import structlog
from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)


@shared_task(name="routing.replay")
def replay(replay_sid: str) -> None:
    """Start a process for it and come back at once.

    A replay reckons for minutes: in a thread it would hold up everything else in this process, and in the worker's slot
    every message that waits behind it. The process notices when this one is gone.
    """
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    command = [sys.executable, manage, "replay", "--job", replay_sid]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)  # noqa: S603
    # Somebody has to ask for its exit code, or it stays as a zombie.
    threading.Thread(target=process.wait, name="replay", daemon=True).start()


def ring_replay(replay_sid: str) -> None:
    """Ask a worker to start it."""
    try:
        replay.delay(replay_sid)
    except OperationalError as error:  # The broker is away; the sweep will ring again.
        logger.warning("worker not rung", task=replay.name, error=type(error).__name__)
