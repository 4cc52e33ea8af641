"""What the clock brings about."""

from datetime import datetime
from typing import Final

from insights.keeping import KEPT, forget

_BATCH: Final = 2000


def prune(now: datetime) -> bool:
    """Forget what is older than anybody may ask for. The log itself stays."""
    return forget(before=now - KEPT, most=_BATCH)
