"""The shapes that requests about campaigns must have."""

from typing import Any

from rest_framework import serializers

from api.serializers import PAGE_LIMIT, PAGE_SIZE, MomentField, SidField, Strict
from campaigns.core import states
from campaigns.core.lists import Given
from conversations.core.limits import BODY_LIMIT

ROWS_AT_ONCE = 5000
CHANNELS = ("sms", "rcs", "whatsapp", "messenger")
VERBS = ("start", "pause", "resume", "cancel")


class RowSerializer(Strict):
    """A customer, and the words for the text's places."""

    to = serializers.CharField(max_length=128, help_text="the customer's number")
    variables = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True), required=False, default=dict
    )


class RowsSerializer(Strict):
    """Customers to write to."""

    recipients: Any = serializers.ListSerializer(child=RowSerializer(), min_length=1, max_length=ROWS_AT_ONCE)
    country = serializers.CharField(
        required=False, default="", max_length=2, help_text="of numbers without +: two capital letters, such as MX"
    )

    def given(self) -> list[Given]:
        """What the action takes; lines count from 1."""
        rows = self.validated_data.get("recipients", [])
        return [Given(line, row["to"], row["variables"]) for line, row in enumerate(rows, start=1)]


class CampaignRequestSerializer(RowsSerializer):
    """A new campaign."""

    name = serializers.CharField(max_length=100, help_text="agents see it beside the customer's answer")
    body = serializers.CharField(
        max_length=BODY_LIMIT, required=False, default="", help_text="{{name}} is replaced by the row's own words"
    )
    channel = serializers.ChoiceField(
        choices=CHANNELS, required=False, help_text="of a messaging service whose pool has several"
    )
    content_sid = SidField("HX", required=False, default="", help_text="a template in the text's place")
    rate = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=100, help_text="messages a second, of each sender"
    )
    start_at = MomentField(required=False, help_text="not before this moment")
    calendar = serializers.CharField(
        required=False, max_length=64, help_text="unique name or sid: only within its hours"
    )
    start = serializers.BooleanField(required=False, default=False, help_text="start it at once, or at `start_at`")
    ref = serializers.CharField(
        required=False, max_length=64, help_text="your own name for the campaign; the same again makes no second one"
    )
    recipients: Any = serializers.ListSerializer(child=RowSerializer(), required=False, max_length=ROWS_AT_ONCE)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["from"] = serializers.CharField(max_length=128, help_text="our address, or a messaging service (MG…)")
        return fields


class VerbSerializer(Strict):
    """What is to be done with a campaign."""

    do = serializers.ChoiceField(choices=VERBS)


class CampaignListQuery(Strict):
    """Which page of campaigns."""

    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_LIMIT)
    page_token = SidField("CP", required=False, help_text="`next_page_token` of the page before")


class RecipientListQuery(Strict):
    """Which rows of a campaign."""

    result = serializers.ChoiceField(choices=[*states.RESULTS, "replied"], required=False)
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2**31 - 1, help_text="`next_after` of the page before"
    )
    limit = serializers.IntegerField(required=False, default=PAGE_LIMIT, min_value=1, max_value=1000)
