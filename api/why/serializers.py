"""Which part of an explanation is asked for."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.serializers import PAGE_LIMIT, SidField, Strict
from routing.explaining.pages import PAGE_SIZE, Ask
from routing.explaining.wording import CODES

LETTERS = {code: letter for letter, code in CODES.items()}


class PageQuery(Strict):
    """Which page of the list."""

    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_LIMIT)
    page_token = serializers.CharField(required=False, max_length=34, help_text="`next_page_token` of the page before")

    def ask(self) -> Ask:
        """What the explanation takes."""
        given: dict[str, Any] = self.validated_data
        letters = LETTERS[given["reason"]] if given.get("reason") else ""
        return Ask(
            letters=letters,
            worker=given.get("worker", ""),
            channel=given.get("task_channel", ""),
            after=given.get("page_token", ""),
            size=given["page_size"],
        )


class PeopleQuery(PageQuery):
    """Which of the workers."""

    reason = serializers.ChoiceField(
        choices=list(LETTERS),
        required=False,
        help_text="only workers with this reason",
        error_messages={"invalid_choice": format_lazy(_("Write one of: {reasons}."), reasons=", ".join(LETTERS))},
    )
    worker = SidField("WK", required=False, help_text="only this worker")


class QueueQuery(PeopleQuery):
    """Which of the workers, and for which channel."""

    task_channel = serializers.CharField(
        required=False, max_length=64, help_text="unique name; if left out, the one with most waiting tasks"
    )
