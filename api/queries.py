"""Reads that only the API asks for."""

from django.db.models import QuerySet

from interactions.models import HandOff
from kernel.actor import Actor
from kernel.errors import Invalid


def handoffs(actor: Actor, *, size: int, after: str = "") -> tuple[list[HandOff], str | None]:
    """A page of the account's hand-offs, newest first, and the token of the next page.

    ``after`` is the sid of the last one of the page before; new hand-offs do not shift the pages behind it.
    """
    ours = visible_to(actor)
    rows = ours.order_by("-id")
    if after:
        last = ours.filter(sid=after).values_list("pk", flat=True).first()
        if last is None:
            raise Invalid("This page token is not one of yours. Begin without it.", field="page_token")
        rows = rows.filter(pk__lt=last)
    page = list(rows.select_related("interaction__task__task_queue", "interaction__conversation")[: size + 1])
    return page[:size], page[size - 1].sid if len(page) > size else None


def visible_to(actor: Actor) -> QuerySet[HandOff]:
    """The hand-offs of the actor's own account."""
    return HandOff.objects.filter(workspace__account__sid=actor.account_sid)
