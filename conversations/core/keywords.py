"""Words with which a customer stops our messages, takes them up again, or asks for help.

The English ones are Twilio's, https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, and an address
adds its own.
"""

from dataclasses import dataclass
from typing import Final, Literal

Verb = Literal["stop", "start", "help", ""]

STOP: Final = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START: Final = frozenset({"START", "YES", "UNSTOP"})
HELP: Final = frozenset({"HELP", "INFO"})
# What a new address adds.
SPANISH_STOP, SPANISH_START, SPANISH_HELP = "BAJA", "ALTA", "AYUDA"

# A web chat asks nobody for a number to write to later.
CHANNELS: Final = frozenset({"sms", "rcs", "whatsapp", "messenger"})


@dataclass(frozen=True, slots=True)
class Words:
    """An address's further words, each a text of words with spaces between them."""

    stop: str = ""
    start: str = ""
    help: str = ""


def verb(body: str, *, words: Words, opt_out_type: str = "") -> Verb:
    """What the message asks for; the provider's ``OptOutType`` knows better than its words.

    Only a single word counts, in any case.

    >>> verb(" Stop ", words=Words()), verb("STOP please", words=Words()), verb("baja", words=Words(stop="BAJA"))
    ('stop', '', 'stop')
    >>> verb("no more", words=Words(), opt_out_type="STOP")
    'stop'
    """
    told: dict[str, Verb] = {"STOP": "stop", "START": "start", "HELP": "help"}
    if opt_out_type.upper() in told:
        return told[opt_out_type.upper()]
    word = body.strip().upper()
    if word in STOP or word in words.stop.upper().split():
        return "stop"
    if word in START or word in words.start.upper().split():
        return "start"
    return "help" if word in HELP or word in words.help.upper().split() else ""
