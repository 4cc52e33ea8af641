"""What Twilio's error codes mean for the person who has to do something about it.

A table, not code: Twilio says that codes may change. https://www.twilio.com/docs/api/errors
"""

from typing import NamedTuple

from django.utils.translation import gettext_noop as _


class Meaning(NamedTuple):
    """``permanent``: the same message to the same address will fail again."""

    permanent: bool
    remedy: str


_CREDENTIALS = _("The account's credentials are not accepted. Tell a supervisor.")
_SLOW = _("Too much is being sent at once. Try again in a moment.")
_ADDRESS = _("This address cannot receive messages. Check it with the customer.")
_SENDER = _("Our number may not send this kind of message. Tell a supervisor.")
_BLOCKED = _("The customer has opted out. Only the customer can undo this, by writing START.")
_ROUTE = _("This number cannot be reached from ours. Try another channel.")
_LANDLINE = _("This seems to be a landline. Call instead.")
_COUNTRY = _("Messages to this country are not switched on. Tell a supervisor.")
_OFF = _("The phone is off or out of reach. Try again later.")
_UNKNOWN = _("The carrier gives no reason. Try again later, once.")
_FILTERED = _("The carrier filtered the message. Rephrase it, without links.")
_REGISTER = _("Our number is not registered for this country. Tell a supervisor.")
_WINDOW = _("More than 24 hours have passed since the customer's last message. Only a template may be sent now.")
_LATE = _("The message waited too long and was dropped. Send it again if it still matters.")
_LONG = _("The message is too long. Split it.")
_MEDIA = _("The file could not be taken. Send another kind or a smaller one.")
_QUIET = _("The law keeps this hour quiet for the customer. Send it later.")
_NEVER = _("This customer must not be written to. Tell a supervisor.")
_NO_CHANNEL = _("The customer is not on this channel. Try another one.")
_CHOSEN = _("The channel chose not to deliver it. Do not repeat it today.")
_REFUSED = _("The channel refused the content. Rephrase it, or send another kind of file.")
_RULES = _("The channel takes it for a breach of its rules. Rephrase it; do not repeat it.")
_CHANNEL = _("The channel does not accept our account. Tell a supervisor.")
_TROUBLE = _("The channel has trouble of its own. Try again later, once.")
_LIMIT = _("This WhatsApp user may not be written to now. Try another channel.")
_DAILY = _("Today's limit of messages is reached. Send it tomorrow.")
_SUSPENDED = _("The provider account is suspended. Tell a supervisor.")
_SHORT = _("The provider does not deliver to numbers of this kind. Try another channel.")
_EMPTY = _("The message has neither text nor a file.")
_SET_UP = _("Something is not set up as it must be. Tell a supervisor.")
_TEMPLATE = _("This template is not approved by WhatsApp. Choose another one, or ask a supervisor.")
_GONE = _("This template does not exist any more. Choose another one, or ask a supervisor.")
_VALUES = _("The template's values do not fit it. Send it anew with a text for each.")
_OTHER = _("The message could not be delivered.")

_UNFETCHED = _("The carrier could not fetch the file from us. Try again later, once.")
_KIND = _("This channel does not carry files of this kind. Send another kind.")
_LARGE = _("The file is too large for this channel. Send a smaller one.")

_MEANINGS: dict[int, Meaning] = {
    11200: Meaning(False, _UNFETCHED),
    11751: Meaning(True, _LARGE),
    12300: Meaning(True, _KIND),
    20003: Meaning(True, _CREDENTIALS),
    20005: Meaning(True, _SUSPENDED),
    20006: Meaning(True, _CREDENTIALS),
    20404: Meaning(True, _SET_UP),
    20429: Meaning(False, _SLOW),
    21211: Meaning(True, _ADDRESS),
    21212: Meaning(True, _SENDER),
    21265: Meaning(True, _SHORT),
    21266: Meaning(True, _ADDRESS),
    21268: Meaning(True, _SHORT),
    21408: Meaning(True, _COUNTRY),
    21602: Meaning(True, _EMPTY),
    21603: Meaning(True, _SET_UP),
    21604: Meaning(True, _SET_UP),
    21606: Meaning(True, _SENDER),
    21608: Meaning(True, _SENDER),
    21609: Meaning(True, _SET_UP),
    21610: Meaning(True, _BLOCKED),
    21611: Meaning(False, _SLOW),
    21612: Meaning(True, _ROUTE),
    21614: Meaning(True, _ROUTE),
    21617: Meaning(True, _LONG),
    21620: Meaning(True, _MEDIA),
    21623: Meaning(True, _MEDIA),
    21635: Meaning(True, _LANDLINE),
    21659: Meaning(True, _SENDER),
    21660: Meaning(True, _SENDER),
    21661: Meaning(True, _SENDER),
    21664: Meaning(True, _SET_UP),
    21666: Meaning(True, _SET_UP),
    21667: Meaning(True, _SET_UP),
    21910: Meaning(True, _SET_UP),
    30001: Meaning(False, _SLOW),
    30002: Meaning(True, _SUSPENDED),
    30003: Meaning(False, _OFF),
    30004: Meaning(True, _BLOCKED),
    30005: Meaning(True, _ADDRESS),
    30006: Meaning(True, _LANDLINE),
    30007: Meaning(True, _FILTERED),
    30008: Meaning(False, _UNKNOWN),
    30010: Meaning(True, _SET_UP),
    30011: Meaning(True, _MEDIA),
    30022: Meaning(False, _SLOW),
    30032: Meaning(True, _REGISTER),
    30034: Meaning(True, _REGISTER),
    30036: Meaning(False, _LATE),
    30450: Meaning(True, _NEVER),
    30610: Meaning(False, _QUIET),
    30640: Meaning(True, _NEVER),
    35111: Meaning(True, _SET_UP),
    35114: Meaning(True, _SET_UP),
    35115: Meaning(True, _SET_UP),
    35117: Meaning(True, _SET_UP),
    35118: Meaning(True, _SET_UP),
    21655: Meaning(True, _GONE),
    21656: Meaning(True, _VALUES),
    63001: Meaning(True, _CHANNEL),
    63003: Meaning(True, _NO_CHANNEL),
    63005: Meaning(True, _REFUSED),
    63007: Meaning(True, _SENDER),
    63012: Meaning(False, _TROUBLE),
    63013: Meaning(True, _RULES),
    63016: Meaning(True, _WINDOW),
    63018: Meaning(False, _SLOW),
    63019: Meaning(True, _MEDIA),
    63020: Meaning(True, _SET_UP),
    63021: Meaning(True, _REFUSED),
    63022: Meaning(True, _CHANNEL),
    63024: Meaning(True, _NO_CHANNEL),
    63027: Meaning(True, _GONE),
    63028: Meaning(True, _VALUES),
    63032: Meaning(True, _LIMIT),
    63033: Meaning(True, _BLOCKED),
    63036: Meaning(True, _NO_CHANNEL),
    63038: Meaning(False, _DAILY),
    63040: Meaning(True, _TEMPLATE),
    63041: Meaning(True, _TEMPLATE),
    63042: Meaning(True, _TEMPLATE),
    63049: Meaning(True, _CHOSEN),
    63051: Meaning(True, _SUSPENDED),
}

_OUT_OF_ORDER = _("The carrier is out of order. The message may have been sent; ask before you repeat it.")

_WORDS: dict[str, str] = {
    "dns": _("The carrier cannot be reached. The message is tried again."),
    "refused": _("The carrier cannot be reached. The message is tried again."),
    "connect-timeout": _("The carrier cannot be reached. The message is tried again."),
    "tls": _("The carrier's certificate is not accepted. Tell a supervisor."),
    "read-timeout": _("The carrier did not answer. The message may have been sent; ask before you repeat it."),
    "reset": _("The carrier did not answer. The message may have been sent; ask before you repeat it."),
    "bad-url": _SET_UP,
    "bad-answer": _(
        "The carrier's answer could not be read. The message may have been sent; ask before you repeat it."
    ),
    "worker-died": _("The sender stopped midway. The message may have been sent; ask before you repeat it."),
    "not-listed": _("The carrier does not have it: most likely it was not sent. You can send it again."),
    "twins": _("The same text was sent twice and the carrier has one of them. Ask before you repeat it."),
}


def remedy(code: str | int) -> str:
    """An English msgid that says what to do about a failed message; empty for no code.

    >>> remedy("30003")
    'The phone is off or out of reach. Try again later.'
    """
    text = str(code or "")
    if not text:
        return ""
    if text in _WORDS:
        return _WORDS[text]
    if text.startswith("http-5"):
        return _OUT_OF_ORDER
    if text == "http-401":
        return _CREDENTIALS
    return meaning(text).remedy


def meaning(code: str | int) -> Meaning:
    """The table's row, or the default of the code's range."""
    number = int(code) if str(code).isdecimal() else 0
    if number in _MEANINGS:
        return _MEANINGS[number]
    if 20000 <= number < 22000:
        return Meaning(True, _SET_UP)
    return Meaning(number >= 63000, _OTHER)
