"""A message whose fate nobody knows, searched in the provider's own list.

The provider does not know our names for messages: it is found by its text, and bound only when nothing else could be
meant. Two messages of the same text to the same customer, both of unknown fate, cannot be told apart.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from carriers.base import SentListing, SentMessage

# The provider's clock is not ours, and its times are whole seconds.
CLOCKS_APART: Final = timedelta(seconds=30)
# https://help.twilio.com/articles/223136107: what a trial account puts before every text.
_TRIAL: Final = "Sent from your Twilio trial account - "


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for: attempt ``fence`` of a message, which began at ``tried_at``."""

    message_sid: str
    fence: int
    from_address: str
    to_address: str
    body: str
    media: int
    tried_at: datetime

    @property
    def since(self) -> datetime:
        """Nothing older can be it."""
        return self.tried_at - CLOCKS_APART


@dataclass(frozen=True, slots=True)
class Verdict:
    """``absent``: the list was read whole and does not hold it. ``unclear``: it may be there."""

    what: Literal["found", "absent", "unclear"]
    message: SentMessage | None = None


def judge(search: Search, listing: SentListing, *, known: Collection[str], rivals: int) -> Verdict:
    """What the list says. ``known``: sids that are other messages'; ``rivals``: others of this text, as lost as it."""
    like_it = [row for row in candidates(search, listing.messages) if row.provider_sid not in known]
    if len(like_it) == 1 and not rivals:
        return Verdict("found", like_it[0])
    return Verdict("absent" if listing.complete and not like_it else "unclear")


def candidates(search: Search, rows: Sequence[SentMessage]) -> list[SentMessage]:
    """Those with its words, from its time on."""
    return [row for row in rows if row.created_at >= search.since and _is_like(row, search)]


def _is_like(row: SentMessage, search: Search) -> bool:
    """The same words; without any, as many files."""
    if row.body.removeprefix(_TRIAL).strip() != search.body.strip():
        return False
    return bool(search.body) or row.media == search.media
