""" "There is something to do": a wake-up that may get lost, because every loop also polls."""

from collections.abc import Callable

from eventlog.bus import bus

TOPIC = "doorbell"


def ring() -> None:
    """Wake every pump."""
    bus().publish(TOPIC, "")


def answer(callback: Callable[[str], None]) -> Callable[[], None]:
    """Call back at each ring; returns the way to stop that."""
    return bus().subscribe(TOPIC, callback)
