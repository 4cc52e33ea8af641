"""Running a past period again against another workflow document."""

from routing.replaying.runs import Progress, replay

__all__ = ["Progress", "replay"]
