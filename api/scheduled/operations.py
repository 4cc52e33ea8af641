"""What the OpenAPI document says of scheduled messages, with examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from api.openapi import ALWAYS, NOT_OWNER, answered, path_sid, refusals
from api.scheduled.serializers import (
    NewScheduledSerializer,
    ScheduledChangeSerializer,
    ScheduledListQuery,
    ScheduledListSerializer,
    ScheduledSerializer,
)

_WITH_BODY = (400, 413, 415)
_SCHEDULED = {
    "sid": "SD019a0000000000000000000000000000",
    "version": 1,
    "conversation_sid": "CH2b7c1b0d9a8e4f0fb0a7b0a4c9d2e1f3",
    "ref": "visit-7",
    "author": {"kind": "bot", "sid": "SK" + "0" * 32, "name": "Demo bot"},
    "body": "See you at ten!",
    "content": None,
    "status": "scheduled",
    "due_at": "2026-01-03T09:00:00.000Z",
    "error_code": "",
    "error_message": "",
    "message_sid": "",
    "date_created": "2026-01-02T03:04:05.678Z",
}
_LATE = {"code": "stale", "message": "It has been sent already.", "field": None}

CREATE: dict[str, Any] = {
    "operation_id": "createScheduledMessage",
    "tags": ["conversations"],
    "request": NewScheduledSerializer,
    "parameters": [path_sid("CH")],
    "examples": [
        OpenApiExample(
            "A reminder",
            value={"body": "See you at ten!", "due_at": "2026-01-03T10:00:00+01:00", "ref": "visit-7"},
            request_only=True,
        )
    ],
    "responses": {
        201: answered(ScheduledSerializer, "It goes out at its time.", _SCHEDULED, status=201),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409, conflict={"code": "not-owner", "message": NOT_OWNER}),
    },
}
LIST: dict[str, Any] = {
    "operation_id": "listScheduledMessages",
    "tags": ["conversations"],
    "parameters": [path_sid("CH"), ScheduledListQuery],
    "responses": {
        200: answered(ScheduledListSerializer, "One page.", {"scheduled": [_SCHEDULED], "next_page_token": None}),
        **refusals(*ALWAYS, 400, 404),
    },
}
GET: dict[str, Any] = {
    "operation_id": "getScheduledMessage",
    "tags": ["conversations"],
    "parameters": [path_sid("SD")],
    "responses": {200: answered(ScheduledSerializer, "The message.", _SCHEDULED), **refusals(*ALWAYS, 404)},
}
CHANGE: dict[str, Any] = {
    "operation_id": "updateScheduledMessage",
    "tags": ["conversations"],
    "request": ScheduledChangeSerializer,
    "parameters": [path_sid("SD")],
    "examples": [
        OpenApiExample("Another time", value={"due_at": "2026-01-03T11:00:00+01:00"}, request_only=True),
        OpenApiExample("Not at all", value={"status": "canceled"}, request_only=True),
    ],
    "responses": {
        200: answered(ScheduledSerializer, "As it stands now.", _SCHEDULED),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409, conflict=_LATE),
    },
}
