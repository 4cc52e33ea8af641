"""What the pump runs."""

from typing import ClassVar, Final

POLL_SECONDS: Final = 0.1
"""How late anything can be when every wake-up was lost."""


class Service:
    """Work that goes on for as long as the process does, one step at a time."""

    name: ClassVar[str]

    def step(self) -> bool:
        """Do what there is to do, a batch at most; whether there may be more at once."""
        raise NotImplementedError

    def rest(self) -> float:
        """For how many seconds nothing will be due, unless the doorbell rings; no longer than `POLL_SECONDS` counts."""
        return POLL_SECONDS

    def heeds_rings(self) -> bool:
        """Whether it looks again at once when something has happened, and not only when its rest is over.

        Each ring costs each service that heeds it a turn at the interpreter: who stands by for another process, or is
        moved by the clock alone, says no. Other threads ask.
        """
        return True

    def close(self) -> None:
        """The process ends in an orderly way: give up what others may be waiting for."""
