"""What is told of rows, in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.core.lists import Problem

RESULTS: Mapping[str, str | Promise] = {
    "waiting": pgettext_lazy("recipient", "waiting"),
    "skipped": pgettext_lazy("recipient", "skipped"),
    "queued": pgettext_lazy("recipient", "queued"),
    "sent": pgettext_lazy("recipient", "sent"),
    "delivered": pgettext_lazy("recipient", "delivered"),
    "failed": pgettext_lazy("recipient", "failed"),
    "unknown": pgettext_lazy("recipient", "unknown"),
    "canceled": pgettext_lazy("recipient", "canceled"),
    "replied": pgettext_lazy("recipient", "answered"),
}
_REASONS: Mapping[str, str | Promise] = {
    "opted-out": gettext_lazy("The customer has opted out. Only the customer can undo this, by writing START."),
    "window-closed": gettext_lazy(
        "More than 24 hours have passed since the customer's last message. Only a template may be sent now."
    ),
    "blocked": gettext_lazy("The customer is blocked."),
    "erased": gettext_lazy("The customer's data was erased."),
}


def problem(found: Problem) -> str:
    """Why a row of a list will get nothing, and what to do about it."""
    words = {
        "no-address": _("The address is missing."),
        "bad-address": _("This is no number that can be written to. Write it with + and the country's code."),
        "twice": _("The same address stands in line %(about)s already."),
        "missing": _("Nothing stands for {{%(about)s}}."),
        "too-long": _("With this row's words the text is longer than %(about)s characters."),
        "opted-out": str(_REASONS["opted-out"]),
    }
    return words[found.code] % {"about": found.about} if found.about else words[found.code]


def reason(code: str) -> str:
    """Why a row was skipped."""
    return str(_REASONS.get(code, code))
