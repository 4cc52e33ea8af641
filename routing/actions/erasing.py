"""What a task told of a person is erased; that there was work, whose, and how long it took stays."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import F

from routing.models import Reservation, Task, Transfer

KEPT: Final = frozenset({"conversation_sid", "channel", "to", "skills", "handed_off"})
"""What an attribute says of the work and never of the person."""


def erase_tasks(tasks: Sequence[Task]) -> list[str]:
    """Attributes, reasons and notes of these tasks, which are over, are gone. The sids that events told of them under.

    Part of the caller's transaction.
    """
    for task in tasks:
        kept = impersonal(task.attributes)
        Task.objects.filter(pk=task.pk).update(attributes=kept, addons={}, reason="", version=F("version") + 1)
    reservations = Reservation.objects.filter(task__in=tasks)
    transfers = Transfer.objects.filter(task__in=tasks)
    reservations.update(reason="")
    transfers.update(note="", reason="", origin={})
    return [
        *(task.sid for task in tasks),
        *reservations.values_list("sid", flat=True),
        *transfers.values_list("sid", flat=True),
    ]


def impersonal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Those that may stay.

    >>> impersonal({"from": "+1555", "channel": "sms", "order": "77"})
    {'channel': 'sms'}
    """
    return {name: value for name, value in attributes.items() if name in KEPT}
