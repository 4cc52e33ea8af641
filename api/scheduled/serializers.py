"""The shapes of requests and answers about scheduled messages."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.serializers import PAGE_LIMIT, PAGE_SIZE, MomentField, NewMessageSerializer, SidField, Strict
from api.shapes import AuthorSerializer, ContentSerializer, Shape
from conversations.core.limits import BODY_LIMIT
from conversations.models import ScheduledMessage

STATUSES = tuple(ScheduledMessage.Status.values)
_WHEN = "ISO 8601 with its zone, 300 seconds to 35 days from now"


class NewScheduledSerializer(NewMessageSerializer):
    """Words, or a template with its values, and when they go out."""

    due_at = MomentField(help_text=_WHEN)

    def get_fields(self) -> dict[str, Any]:
        # Files are forgotten after a day.
        return {name: field for name, field in super().get_fields().items() if name != "media"}


class ScheduledChangeSerializer(Strict):
    """Another time, other words, or the end of it."""

    due_at = MomentField(required=False, help_text=_WHEN)
    body = serializers.CharField(max_length=BODY_LIMIT, required=False, help_text="not of a template")
    status = serializers.ChoiceField(choices=["canceled"], required=False, help_text="it is never sent; stands alone")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"due_at": [_("Give due_at, body, or the status canceled.")]})
        if "status" in attrs and len(attrs) > 1:
            raise serializers.ValidationError({"status": [_("Either cancel the message or change it.")]})
        return attrs


class ScheduledListQuery(Strict):
    """Which page of scheduled messages."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)
    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_LIMIT)
    page_token = SidField("SD", required=False, help_text="`next_page_token` of the page before")


class ScheduledSerializer(Shape):
    """Words that wait for their time; then they are a message, in whatever conversation is open with the customer."""

    sid = serializers.CharField()
    version = serializers.IntegerField()
    conversation_sid = serializers.CharField()
    ref = serializers.CharField()
    author = AuthorSerializer()
    body = serializers.CharField()
    content = ContentSerializer(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    due_at = serializers.DateTimeField()
    error_code = serializers.CharField(help_text="why it was not sent at its time")
    error_message = serializers.CharField()
    message_sid = serializers.CharField(help_text="empty until it has gone")
    date_created = serializers.DateTimeField()


class ScheduledListSerializer(Shape):
    scheduled = ScheduledSerializer(many=True)
    next_page_token = serializers.CharField(
        allow_null=True, help_text="`page_token` of the next page; null on the last"
    )
