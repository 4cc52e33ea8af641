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
        """For how many seconds nothing will be due, unless the doorbell rings."""
        return POLL_SECONDS

    def close(self) -> None:
        """The process ends in an orderly way: give up what others may be waiting for."""
