"""The workers' part: starting the work. Arguments are sids; the rows are the truth."""

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


@shared_task(name="privacy.work")
def work(request_sid: str) -> None:
    """Start a process for it and come back at once: it may take minutes, and messages wait behind it."""
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    command = [sys.executable, manage, "data_request", request_sid]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)  # noqa: S603
    # Somebody has to ask for its exit code, or it stays as a zombie.
    threading.Thread(target=process.wait, name="data request", daemon=True).start()


def ring(request_sid: str) -> None:
    """Ask a worker to start it."""
    try:
        work.delay(request_sid)
    except OperationalError as error:  # The broker is away; the sweep will ring again.
        logger.warning("worker not rung", task=work.name, error=type(error).__name__)
