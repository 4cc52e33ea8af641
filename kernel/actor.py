"""Who acts: every action takes one, and the policy looks at nothing else."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["user", "key", "carrier", "visitor", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an API key, the carrier, a web-chat visitor, or the product itself."""

    kind: Kind
    sid: str = ""
    name: str = ""
    role: str = ""
    account_sid: str = ""
    worker_sid: str = ""
    scopes: frozenset[str] = frozenset()


SYSTEM = Actor("system")
CARRIER = Actor("carrier")
