"""The shapes of answers, for the OpenAPI document; the answers themselves are built by the packages' payloads."""

from typing import Any

from rest_framework import serializers

from conversations.core import states
from conversations.models import Channel, Conversation
from hours.core.calendar import WEEKDAYS

HAND_OFF_STATES = ("waiting", "offered", "active", "wrapping", "completed", "canceled")
CALENDAR_REASONS = ("hours", "outside", "holiday", "override")
AUTHORS = ("customer", "agent", "bot", "campaign", "system")


class Shape(serializers.Serializer[Any]):
    """Only described, never filled."""


class FieldProblemSerializer(Shape):
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class ProblemSerializer(Shape):
    """Every refusal. `code` is stable; `message` is for people, in the language of `Accept-Language`."""

    code = serializers.CharField()
    message = serializers.CharField(help_text="what is wrong and how to mend it")
    field = serializers.CharField(allow_null=True, help_text="the field, or header, to mend")
    status = serializers.IntegerField(help_text="the HTTP status")
    errors = FieldProblemSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="all fields to mend, where there are several"
    )


class HandOffSerializer(Shape):
    """Where a hand-off stands."""

    sid = serializers.CharField()
    state = serializers.ChoiceField(choices=HAND_OFF_STATES)
    position = serializers.IntegerField(
        allow_null=True, help_text="place in the queue from 1; null once an agent has it"
    )
    queue = serializers.CharField(allow_null=True)
    agent = serializers.CharField(allow_null=True, help_text="who took it")
    conversation_sid = serializers.CharField()
    task_sid = serializers.CharField()
    date_created = serializers.DateTimeField()


class HandOffListSerializer(Shape):
    handoffs = HandOffSerializer(many=True)
    next_page_token = serializers.CharField(
        allow_null=True, help_text="`page_token` of the next page; null on the last"
    )


class AuthorSerializer(Shape):
    kind = serializers.ChoiceField(choices=AUTHORS)
    sid = serializers.CharField()
    name = serializers.CharField()


class MediaSerializer(Shape):
    sid = serializers.CharField()
    name = serializers.CharField(help_text="Empty for a customer's file")
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["pending", "stored", "failed", "erased"])
    url = serializers.CharField()
    thumbnail_url = serializers.CharField(help_text="Empty unless the file is a picture that can be shown")
    width = serializers.IntegerField(help_text="0 unless the file is a picture that can be shown")
    height = serializers.IntegerField()
    failure = serializers.CharField(help_text="Why a customer's file could not be fetched, by the carrier's code")


class LocationSerializer(Shape):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    name = serializers.CharField()
    address = serializers.CharField()


class ChoiceSerializer(Shape):
    """A pressed button, or a row of a list; `payload` is the id that its template gave it."""

    kind = serializers.ChoiceField(choices=["button", "list"])
    text = serializers.CharField()
    payload = serializers.CharField()


class ReferralSerializer(Shape):
    """The advertisement that led the customer here."""

    headline = serializers.CharField()
    body = serializers.CharField()
    source_type = serializers.CharField()
    source_url = serializers.CharField()


class QuoteSerializer(Shape):
    """The message that is answered; `index` is null if it does not stand in this conversation."""

    index = serializers.IntegerField(allow_null=True)
    author_kind = serializers.CharField()
    body = serializers.CharField()


class DetailsSerializer(Shape):
    """What a message says beside its words; only what it has is there."""

    location = LocationSerializer(required=False)
    choice = ChoiceSerializer(required=False)
    referral = ReferralSerializer(required=False)
    quote = QuoteSerializer(required=False)
    forwarded = serializers.ChoiceField(choices=["once", "often"], required=False)


class ButtonSerializer(Shape):
    """A button of a template."""

    kind = serializers.ChoiceField(choices=["reply", "url", "phone", "copy", "list"])
    title = serializers.CharField()
    value = serializers.CharField(help_text="what comes back as the payload, or where it leads")


class ContentSerializer(Shape):
    """What a message made of a template shows beside its words."""

    sid = serializers.CharField()
    name = serializers.CharField()
    footer = serializers.CharField()
    buttons = ButtonSerializer(many=True)
    media = serializers.ListField(child=serializers.CharField())


class MessageSerializer(Shape):
    """One message. `index` counts from 1 without gaps within the conversation."""

    sid = serializers.CharField()
    version = serializers.IntegerField()
    conversation_sid = serializers.CharField()
    index = serializers.IntegerField()
    ref = serializers.CharField(allow_null=True)
    direction = serializers.ChoiceField(choices=["inbound", "outbound"])
    author = AuthorSerializer()
    body = serializers.CharField()
    media = MediaSerializer(many=True)
    details = DetailsSerializer()
    content = ContentSerializer(allow_null=True)
    status = serializers.ChoiceField(choices=["received", *states.RANK])
    error_code = serializers.CharField()
    error_message = serializers.CharField()
    date_created = serializers.DateTimeField()


class MessageListSerializer(Shape):
    messages = MessageSerializer(many=True)
    next_before = serializers.IntegerField(allow_null=True, help_text="`before` of the earlier page; null on the first")


class CalendarSerializer(Shape):
    """A business calendar at a moment. While open, `next_opening` is the one after `next_closing`."""

    sid = serializers.CharField()
    workspace_sid = serializers.CharField()
    unique_name = serializers.CharField()
    friendly_name = serializers.CharField()
    time_zone = serializers.CharField()
    at = serializers.DateTimeField()
    open = serializers.BooleanField()
    reason = serializers.ChoiceField(
        choices=CALENDAR_REASONS, help_text="usual hours, outside of them, a holiday, or an override"
    )
    holiday = serializers.CharField(allow_null=True, help_text="the public holiday that the day is")
    override = serializers.CharField(allow_null=True, help_text="the exception that the day is")
    next_opening = serializers.DateTimeField(allow_null=True, help_text="null: not within a year")
    next_closing = serializers.DateTimeField(allow_null=True)
    opens_in_minutes = serializers.IntegerField(allow_null=True)
    closes_in_minutes = serializers.IntegerField(allow_null=True)
    date = serializers.DateField(help_text="in the calendar's time zone, like `time` and `weekday`")
    time = serializers.CharField()
    weekday = serializers.ChoiceField(choices=WEEKDAYS)


class CalendarListSerializer(Shape):
    calendars = CalendarSerializer(many=True)


class LastMessageSerializer(Shape):
    index = serializers.IntegerField()
    author_kind = serializers.ChoiceField(choices=AUTHORS)
    body = serializers.CharField()
    date_created = serializers.DateTimeField()


class ParticipantSerializer(Shape):
    worker_sid = serializers.CharField()
    name = serializers.CharField()
    read_index = serializers.IntegerField()


class ContactSerializer(Shape):
    sid = serializers.CharField()
    name = serializers.CharField()


class WindowSerializer(Shape):
    closes_at = serializers.DateTimeField(allow_null=True, help_text="null while the customer has never written")


class ConversationSerializer(Shape):
    """One conversation without its messages."""

    sid = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Conversation.State.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    owner = serializers.ChoiceField(choices=Conversation.Owner.choices, help_text="who answers")
    contact = ContactSerializer()
    customer_address = serializers.CharField()
    customer_shown = serializers.CharField(help_text="as people read it: a number in its international form")
    our_address = serializers.CharField()
    our_name = serializers.CharField()
    attributes = serializers.DictField()
    last_index = serializers.IntegerField()
    participants = ParticipantSerializer(many=True)
    date_created = serializers.DateTimeField()
    date_closed = serializers.DateTimeField(allow_null=True)
    opted_out = serializers.BooleanField(help_text="nothing may be sent: the customer wrote STOP")
    blocked = serializers.BooleanField(help_text="nothing may be sent: the contact is blocked")
    window = WindowSerializer(allow_null=True, help_text="until when free text may be sent; null: always")
    last_message = LastMessageSerializer(allow_null=True)
