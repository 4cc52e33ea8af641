"""Messages for later: schedule, list, change, cancel."""

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from api.base import View, actor_of, body, query
from api.scheduled import operations
from api.scheduled.serializers import NewScheduledSerializer, ScheduledChangeSerializer, ScheduledListQuery
from api.views import READ, conversation_of
from conversations import actions
from conversations.queries import scheduled as queries
from conversations.scheduled_payloads import scheduled_payload

SCOPES = {"GET": READ, "HEAD": READ, "POST": ("conversations:write",)}


class ScheduledMessages(View):
    """What is to be said later in a conversation."""

    scopes: ClassVar = SCOPES

    @extend_schema(**operations.LIST)
    def get(self, request: Request, sid: str) -> Response:
        """List scheduled messages of a conversation, newest first; those of agents as well."""
        found = conversation_of(sid, actor=actor_of(request))
        wanted = query(request, ScheduledListQuery).validated_data
        page, token = queries.page(
            found, status=wanted.get("status", ""), size=wanted["page_size"], after=wanted.get("page_token", "")
        )
        return Response({"scheduled": [scheduled_payload(row) for row in page], "next_page_token": token})

    @extend_schema(**operations.CREATE)
    def post(self, request: Request, sid: str) -> Response:
        """Have something said later, while the bot owns the conversation."""
        found = conversation_of(sid, actor=actor_of(request))
        given: dict[str, Any] = body(request, NewScheduledSerializer).validated_data
        saying = (
            actions.saying_of_template(
                given["content_sid"], channel=found.channel, variables=given.get("content_variables", {})
            )
            if "content_sid" in given
            else actions.saying_of(given["body"])
        )
        made = actions.schedule(
            found,
            saying=saying,
            due_at=given["due_at"],
            ref=given.get("ref") or uuid.uuid4().hex,
            actor=actor_of(request),
        )
        return Response(
            scheduled_payload(made), status=201, headers={"Location": reverse("api-scheduled", args=[made.sid])}
        )


class ScheduledMessageItem(View):
    """One scheduled message."""

    scopes: ClassVar = SCOPES

    @extend_schema(**operations.GET)
    def get(self, request: Request, sid: str) -> Response:
        """A scheduled message, and what became of it."""
        return Response(scheduled_payload(queries.scheduled(sid, actor=actor_of(request))))

    @extend_schema(**operations.CHANGE)
    def post(self, request: Request, sid: str) -> Response:
        """Change a bot's scheduled message, or cancel it, until it goes."""
        found = queries.scheduled(sid, actor=actor_of(request))
        given: dict[str, Any] = body(request, ScheduledChangeSerializer).validated_data
        if "status" in given:
            actions.cancel_scheduled(found, actor=actor_of(request))
        else:
            actions.change_scheduled(found, actor=actor_of(request), due_at=given.get("due_at"), body=given.get("body"))
        return Response(scheduled_payload(queries.scheduled(sid, actor=actor_of(request))))
