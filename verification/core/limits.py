"""How often: within a verification, and over all of an account. Somebody pays for each text."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts
LIFE: Final = timedelta(minutes=10)
MAX_CHECKS: Final = 5
MAX_SENDS: Final = 5
# A carrier that does not take the text is asked so often.
MAX_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many sendings within that time, counted by a column of theirs."""

    column: str
    count: int
    within: timedelta


RATES: Final = (
    Rate("to", 10, timedelta(hours=1)),
    Rate("key_sid", 300, timedelta(minutes=1)),
    # Somebody who earns by the texts that he makes us send asks for many numbers of one block.
    Rate("prefix", 20, timedelta(hours=1)),
)
