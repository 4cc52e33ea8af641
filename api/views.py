"""The resources: hand-offs, conversations, their messages. A view reads the request and calls one action."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from api import openapi, queries
from api.base import View, actor_of, body, query
from api.serializers import (
    CalendarQuery,
    HandOffListQuery,
    HandOffRequestSerializer,
    MessageListQuery,
    NewMessageSerializer,
)
from conversations import actions as conversation_actions
from conversations import queries as conversation_queries
from conversations.models import Conversation, Message
from conversations.payloads import message_payload
from hours import queries as calendar_queries
from hours.payloads import calendar_state
from interactions import actions as interaction_actions
from interactions import queries as interaction_queries
from kernel import sids
from kernel.actor import Actor
from kernel.errors import DomainError, Invalid, NotFound

IDEMPOTENCY_KEY_LENGTH = 255
READ = ("conversations:read", "conversations:write")
READ_HOURS = ("handoffs:write", "routing:read")

# What the domain calls them, and what the caller wrote.
_FIELDS = {"required_skills": "skills", "attributes": "context", "To": "channel.to"}


class HandOffs(View):
    """Hand conversations over, and list what was handed over."""

    scopes: ClassVar = {"GET": ("handoffs:write",), "HEAD": ("handoffs:write",), "POST": ("handoffs:write",)}

    @extend_schema(**openapi.HAND_OFF)
    def post(self, request: Request) -> Response:
        """Hand a conversation over to people."""
        wanted = body(request, HandOffRequestSerializer).request()
        try:
            handed, created = interaction_actions.hand_off(
                actor=actor_of(request), request=wanted, idempotency_key=idempotency_key(request)
            )
        except DomainError as error:
            error.field = _FIELDS.get(error.field or "", error.field)
            raise
        return Response(
            interaction_queries.handoff_payload(handed),
            status=201 if created else 200,
            headers={"Location": reverse("api-handoff", args=[handed.sid])},
        )

    @extend_schema(**openapi.LIST_HAND_OFFS)
    def get(self, request: Request) -> Response:
        """List hand-offs, newest first."""
        wanted = query(request, HandOffListQuery).validated_data
        page, token = queries.handoffs(actor_of(request), size=wanted["page_size"], after=wanted.get("page_token", ""))
        shown = [interaction_queries.handoff_payload(row) for row in page]
        return Response({"handoffs": shown, "next_page_token": token})


class HandOff(View):
    """One hand-off."""

    scopes: ClassVar = {"GET": ("handoffs:write",), "HEAD": ("handoffs:write",)}

    @extend_schema(**openapi.GET_HAND_OFF)
    def get(self, request: Request, sid: str) -> Response:
        """Where a hand-off stands."""
        _must_be(sid, "HO", message="There is no hand-off %(sid)s.")
        found = interaction_queries.handoff(sid, actor=actor_of(request))
        return Response(interaction_queries.handoff_payload(found))


class ConversationItem(View):
    """One conversation."""

    scopes: ClassVar = {"GET": READ, "HEAD": READ}

    @extend_schema(**openapi.GET_CONVERSATION)
    def get(self, request: Request, sid: str) -> Response:
        """A conversation: who owns it, who takes part, what was handed over."""
        found = conversation_of(sid, actor=actor_of(request))
        return Response(conversation_queries.payload(found, conversation_queries.present(found)))


class Messages(View):
    """What was said in a conversation."""

    scopes: ClassVar = {"GET": READ, "HEAD": READ, "POST": ("conversations:write",)}

    @extend_schema(**openapi.LIST_MESSAGES)
    def get(self, request: Request, sid: str) -> Response:
        """The newest messages, oldest first; page back with `before`."""
        found = conversation_of(sid, actor=actor_of(request))
        wanted = query(request, MessageListQuery).validated_data
        page = conversation_queries.messages(found, before=wanted.get("before"), limit=wanted["limit"])
        earlier = page[0]["index"] if page and page[0]["index"] > 1 else None
        return Response({"messages": page, "next_before": earlier})

    @extend_schema(**openapi.SAY)
    def post(self, request: Request, sid: str) -> Response:
        """Say something to the customer while the bot owns the conversation."""
        found = conversation_of(sid, actor=actor_of(request))
        given: dict[str, Any] = body(request, NewMessageSerializer).validated_data
        said = _say(found, given, actor=actor_of(request))
        return Response(message_payload(said, conversation_sid=found.sid, media=list(said.media.all())), status=201)


def _say(found: Conversation, given: Mapping[str, Any], *, actor: Actor) -> Message:
    ref = given.get("ref") or uuid.uuid4().hex
    if "content_sid" in given:
        return conversation_actions.post_template(
            found,
            actor=actor,
            content_sid=given["content_sid"],
            variables=given.get("content_variables", {}),
            ref=ref,
            author_kind="bot",
        )
    files = list(dict.fromkeys(given.get("media", ())))
    return conversation_actions.post(
        found, actor=actor, body=given.get("body", ""), ref=ref, media=files, author_kind="bot"
    )


class Calendars(View):
    """The account's business calendars."""

    scopes: ClassVar = {"GET": READ_HOURS, "HEAD": READ_HOURS}

    @extend_schema(**openapi.LIST_CALENDARS)
    def get(self, request: Request) -> Response:
        """Which calendars are open."""
        at = query(request, CalendarQuery).moment()
        found = calendar_queries.visible_to(actor_of(request))
        return Response({"calendars": [calendar_state(calendar, at) for calendar in found]})


class CalendarItem(View):
    """One business calendar."""

    scopes: ClassVar = {"GET": READ_HOURS, "HEAD": READ_HOURS}

    @extend_schema(**openapi.GET_CALENDAR)
    def get(self, request: Request, name: str) -> Response:
        """Whether a calendar is open, why, and when that changes."""
        at = query(request, CalendarQuery).moment()
        return Response(calendar_state(calendar_queries.calendar(name, actor=actor_of(request)), at))


class Nothing(View):
    """Every other path: the same shape of refusal instead of a page."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head", "post", "put", "patch", "delete", "options"]

    def initial(self, *_: Any, **__: Any) -> None:
        raise NotFound(
            "There is nothing at this path. The API is described at %(path)s.", params={"path": "/api/docs/"}
        )


def idempotency_key(request: Request) -> str | None:
    """The header's value; raises ``Invalid`` unless it is 1 to 255 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise Invalid(
            "An Idempotency-Key has 1 to %(limit)d printable ASCII characters.",
            field="Idempotency-Key",
            params={"limit": IDEMPOTENCY_KEY_LENGTH},
        )
    return key


def conversation_of(sid: str, *, actor: Actor) -> Conversation:
    """The account's conversation; raises ``NotFound``."""
    _must_be(sid, "CH", message="There is no conversation %(sid)s.")
    return conversation_queries.conversation(sid, actor=actor)


def _must_be(sid: str, prefix: str, *, message: str) -> None:
    """What is no sid is not looked for: no database has seen it."""
    if not sids.is_sid(sid, prefix):
        raise NotFound(message, params={"sid": sid[:64]})
