"""The worker's side of the callbacks."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from carriers.twin import delivery

log = logging.getLogger(__name__)


@shared_task(name="carriers.twin.deliver_callback", ignore_result=True)
def deliver_callback(callback_id: int) -> None:
    """Make one callback, if it is due and nobody else has it."""
    delivery.deliver(callback_id)


def ring(callback_id: int) -> None:
    """Tell a worker; if the broker is away, the sweep will tell one later."""
    try:
        deliver_callback.apply_async((callback_id,), retry=False)
    except (OperationalError, OSError):
        log.warning("the broker is away, a callback waits for the sweep")
