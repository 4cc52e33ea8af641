"""The shapes that requests must have. What a value means in the domain is the actions' to judge."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from conversations.core.attachments import FILES_AT_ONCE
from conversations.core.limits import BODY_LIMIT, HANDOFF_BYTES
from conversations.core.templates import MAX_VALUE
from conversations.models import Channel
from interactions.core import HandOffRequest
from kernel import clock, sids

MAX_PRIORITY = 2_147_483_647
MAX_INDEX = 2_147_483_647
CONTEXT_BYTES = 16 * 1024
SUMMARY_LENGTH = 2000
TRANSCRIPT_LINES = 500
LINE_LENGTH = 4000
PAGE_SIZE = 50
PAGE_LIMIT = 100

# How an address of ours looks on each channel, and how it is written behind the channel's prefix.
_PREFIXES = {"rcs": "rcs:", "whatsapp": "whatsapp:", "messenger": "messenger:", "webchat": "webchat:", "sms": ""}
_NUMBER = r"\+[1-9][0-9]{4,14}"
_PATTERNS = {
    "sms": re.compile(rf"{_NUMBER}|[0-9]{{3,8}}"),
    "rcs": re.compile(r"rcs:[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"),
    "whatsapp": re.compile(rf"whatsapp:{_NUMBER}"),
    "messenger": re.compile(r"messenger:[A-Za-z0-9_.-]{1,100}"),
    "webchat": re.compile(r"webchat:[A-Za-z0-9_.:-]{1,100}"),
}
# On RCS an agent writes to a number; elsewhere both look alike.
_CUSTOMERS = _PATTERNS | {"rcs": re.compile(rf"rcs:{_NUMBER}")}
_UNKNOWN_SHOWN = 10


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name: a misspelt one would otherwise be lost silently."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        problems: dict[str, Any] = {
            str(name)[:64]: [_("There is no such field. Known: %(known)s.") % {"known": ", ".join(self.fields)}]
            for name in unknown[:_UNKNOWN_SHOWN]
        }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not problems or not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError({**error.detail, **problems}) from error
        if problems:
            raise serializers.ValidationError(problems)
        return value


class SidField(serializers.CharField):
    """A sid of one kind."""

    default_error_messages = {"sid": _("A sid of this kind is {prefix} and 32 hex digits.")}

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not sids.is_sid(text, self.prefix):
            self.fail("sid", prefix=self.prefix)
        return text


class ChannelSerializer(Strict):
    """The customer's address and ours. ``type`` may be left out where the addresses tell it by their prefix."""

    type = serializers.ChoiceField(choices=Channel.choices, required=False)
    to = serializers.CharField(max_length=128, help_text="our address, or a messaging service (MG…) that picks one")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["from"] = serializers.CharField(max_length=128, help_text="the customer's address")
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_service = sids.is_sid(attrs["to"], "MG")
        kind = attrs.get("type") or channel_of(attrs["from" if by_service else "to"])
        prefix, looks = _PREFIXES[kind], {"from": _CUSTOMERS[kind], "to": _PATTERNS[kind]}
        ends = ("from",) if by_service else _ENDS
        given = {name: attrs[name] if attrs[name].startswith(prefix) else prefix + attrs[name] for name in ends}
        wrong = [name for name, address in given.items() if looks[name].fullmatch(address) is None]
        if wrong:
            message = _("This is no %(channel)s address, such as %(example)s.")
            examples = {"from": _EXAMPLES[kind], "to": _OUR_EXAMPLES[kind]}
            raise serializers.ValidationError(
                {name: [message % {"channel": kind, "example": examples[name]}] for name in wrong}
            )
        return {"type": kind, "to": attrs["to"], **given}


_ENDS = ("from", "to")
_EXAMPLES = {
    "sms": "+15550100001",
    "rcs": "rcs:+15550100001",
    "whatsapp": "whatsapp:+15550100001",
    "messenger": "messenger:100200300",
    "webchat": "webchat:demo",
}
_OUR_EXAMPLES = _EXAMPLES | {"rcs": "rcs:brand_agent"}


def channel_of(address: str) -> str:
    """The channel that an address tells by its prefix.

    >>> channel_of("whatsapp:+15550100001"), channel_of("+15550100001")
    ('whatsapp', 'sms')
    """
    return next(kind for kind, prefix in _PREFIXES.items() if address.startswith(prefix))


class LineSerializer(Strict):
    """One line of what bot and customer said."""

    author = serializers.ChoiceField(choices=["customer", "bot", "agent"])
    body = serializers.CharField(max_length=LINE_LENGTH)
    at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "at": clock.iso(attrs["at"])} if "at" in attrs else attrs


class HandOffRequestSerializer(Strict):
    """A bot's request for an agent."""

    conversation = SidField("CH", required=False, help_text="the conversation, or else `channel`")
    channel = ChannelSerializer(required=False, help_text="the pair of addresses, or else `conversation`")
    queue = serializers.CharField(required=False, max_length=64, help_text="a queue's sid or name")
    skills = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=50,
        help_text="an agent must have all of them",
    )
    priority = serializers.IntegerField(required=False, default=0, min_value=0, max_value=MAX_PRIORITY)
    summary = serializers.CharField(required=False, default="", allow_blank=True, max_length=SUMMARY_LENGTH)
    transcript = LineSerializer(many=True, required=False, max_length=TRANSCRIPT_LINES)  # type: ignore[call-arg]
    context = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="what the bot knows; at most 16 KB of JSON"
    )
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)

    def validate_context(self, value: dict[str, Any]) -> dict[str, Any]:
        if size_of(value) > CONTEXT_BYTES:
            raise serializers.ValidationError(_("The context takes at most 16 KB of JSON."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("conversation" in attrs) == ("channel" in attrs):
            raise serializers.ValidationError({"conversation": [_("Give either conversation or channel.")]})
        if attrs.get("queue") and attrs.get("skills"):
            raise serializers.ValidationError({"skills": [_("Give either queue or skills, or neither.")]})
        if size_of([attrs["summary"], attrs.get("transcript"), attrs.get("context")]) > HANDOFF_BYTES:
            message = _("Summary, transcript and context take at most 64 KB together.")
            raise serializers.ValidationError({"transcript": [message]})
        return attrs

    def request(self) -> HandOffRequest:
        """What the action takes."""
        given = self.validated_data
        channel = given.get("channel", {})
        return HandOffRequest(
            conversation_sid=given.get("conversation", ""),
            customer=channel.get("from", ""),
            ours=channel.get("to", ""),
            name=given["name"],
            queue=given.get("queue", ""),
            skills=tuple(given.get("skills", ())),
            priority=given["priority"],
            summary=given["summary"],
            transcript=tuple(dict(line) for line in given.get("transcript", ())),
            context=dict(given.get("context", {})),
        )


def size_of(value: Any) -> int:
    """The size of a value as JSON in bytes."""
    return len(json.dumps(value, ensure_ascii=False).encode())


class NewMessageSerializer(Strict):
    """What the bot says: words, files, or a template with its values."""

    body = serializers.CharField(
        max_length=BODY_LIMIT, required=False, help_text="needed unless content_sid or media is given"
    )
    media = serializers.ListField(
        child=SidField("ME"),
        required=False,
        min_length=1,
        max_length=FILES_AT_ONCE,
        help_text="files that were uploaded to this conversation, by their sids; each goes out once",
    )
    content_sid = serializers.CharField(
        required=False, max_length=34, help_text="a template (HX…); on WhatsApp it needs no open window"
    )
    content_variables = serializers.DictField(
        child=serializers.CharField(max_length=MAX_VALUE),
        required=False,
        help_text="the template's values by their names",
    )
    ref = serializers.CharField(
        required=False, max_length=64, help_text="your own name for the message; the same again sends nothing twice"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"body", "content_sid", "media"}:
            raise serializers.ValidationError({"body": [_("Say something: give a body, media or a content_sid.")]})
        if "media" in attrs and "content_sid" in attrs:
            raise serializers.ValidationError({"media": [_("A template brings its own files: leave media out.")]})
        if "body" in attrs and "content_sid" in attrs:
            raise serializers.ValidationError({"body": [_("A template brings its own words: leave the body out.")]})
        return attrs


class MomentField(serializers.DateTimeField):
    """An ISO 8601 moment between 1970 and 2200; without a zone it is UTC."""

    default_error_messages = {"range": _("A moment between 1970 and 2200 is expected here.")}

    def to_internal_value(self, value: Any) -> datetime:
        # A + that was not encoded for the query string arrives as a space.
        given = value.replace(" ", "+") if isinstance(value, str) and "T" in value else value
        moment = super().to_internal_value(given)
        if not 1970 <= moment.year < 2200:
            self.fail("range")
        return moment


class CalendarQuery(Strict):
    """Of which moment."""

    at = MomentField(required=False, help_text="ISO 8601, such as 2026-12-24T18:00:00Z; now if it is left out")

    def moment(self) -> datetime:
        at: datetime | None = self.validated_data.get("at")
        return at or clock.now()


class HandOffListQuery(Strict):
    """Which page of hand-offs."""

    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_LIMIT)
    page_token = SidField("HO", required=False, help_text="`next_page_token` of the page before")


class MessageListQuery(Strict):
    """Which messages."""

    before = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_INDEX, help_text="only messages before this index"
    )
    limit = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_LIMIT)
