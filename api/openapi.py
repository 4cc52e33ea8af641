"""What the OpenAPI document says of each operation, with examples that work."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from api import shapes
from api.serializers import (
    CalendarQuery,
    HandOffListQuery,
    HandOffRequestSerializer,
    MessageListQuery,
    NewMessageSerializer,
)

DESCRIPTION = """\
Bots and other programs hand conversations over to people, speak while they own a conversation, and read what was said.

**Keys.** An administrator makes an API key and chooses its scopes: `handoffs:write`, `conversations:read`,
`conversations:write`, `campaigns:write`, `routing:read`. Send it as `Authorization: Bearer cc_SK…`.

**Refusals** have one shape, `Problem`: a stable `code`, a `message` that says what to do, the `field` to mend.
Fields that are not known are refused by name.

**Why.** A key with `routing:read` may ask why a task waits, why an agent was asked, and why one gets nothing.

**Campaigns.** A key with `campaigns:write` sends one text to a list of customers, at a measured pace; each row says
what became of it, and answers land where customers' words always land.

**Files and later.** A file is uploaded to the conversation, or fetched from a URL, and goes out with the message that
names it. A message may be scheduled 300 seconds to 35 days ahead, and listed, changed and cancelled until it goes.

**Repeats.** A campaign with a `ref`, a hand-off with an `Idempotency-Key`, and a message with a `ref`, may be sent
again after a time-out: nothing happens twice.

**Webhooks.** While a bot owns a conversation, its endpoint gets `message.added` as a POST, signed as
[Standard Webhooks](https://www.standardwebhooks.com) describes it. `examples/bot.py` is a complete bot.
"""

_SK = "SK" + "0" * 32
_HX = "HX3b1f0c52a6b04c1b8a3f6f1c5f0e9a70"
_HO = "HO6d1f0a52c6b04c1b8a3f6f1c5f0e9a77"
_CH = "CH2b7c1b0d9a8e4f0fb0a7b0a4c9d2e1f3"
_WT = "WT0c9be2f48a0f4c4ba6c1d5f0b7a3e2d1"
_IM = "IM93ad0c5e4b3f4f53a1a0b44cf2f1a6d8"
_ME = "ME019a0000000000000000000000000000"
_AT = "2026-01-02T03:04:05.678Z"


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names our authentication."""

    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": f"cc_{_SK}_…", "description": "An API key."}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document of the resources, in English."""
    from api import urls  # The addresses know the views, and the views know this module.

    with translation.override("en"):
        generator: Any = SchemaGenerator
        made: dict[str, Any] = generator(patterns=urls.resources).get_schema(request=None, public=True)
    made["info"]["description"] = DESCRIPTION
    made["tags"] = [{"name": "handoffs"}, {"name": "conversations"}, {"name": "calendars"}]
    made["tags"] += [{"name": "campaigns"}, {"name": "why"}]
    return made


# --- refusals ---

_REFUSALS = {
    400: ("The request cannot be accepted as it is.", "invalid", "This field is required.", "channel.from"),
    401: (
        "The API key is missing, unknown or revoked.",
        "bad-api-key",
        "The API key is missing, unknown or revoked.",
        None,
    ),
    403: ("The key lacks the scope.", "forbidden", "This needs the permission handoffs:write.", None),
    404: ("Unknown, or of another account.", "not-found", f"There is no conversation {_CH}.", "conversation"),
    409: ("It clashes with what already stands.", "conflict", "The conversation is closed.", "conversation"),
    413: (
        "The body is larger than 1 MiB.",
        "too-large",
        "The request body is too large; 1048576 bytes are taken.",
        None,
    ),
    415: ("Only JSON is taken.", "unsupported-media-type", "Send the body as application/json.", "Content-Type"),
    429: ("Too many refused keys from this address.", "throttled", "Request was throttled.", None),
}
NOT_OWNER = "The conversation is with agent now; a bot speaks only while it owns the conversation."
_MISMATCH = "This Idempotency-Key came with another request before. Use a new key for a new request."


def refusals(*statuses: int, conflict: Mapping[str, Any] | None = None) -> dict[int, OpenApiResponse]:
    own = {409: conflict or {}}
    return {status: _refusal(status, *_REFUSALS[status], own=own.get(status, {})) for status in statuses}


def _refusal(
    status: int, description: str, code: str, message: str, field: str | None, *, own: Mapping[str, Any]
) -> OpenApiResponse:
    value: dict[str, Any] = {"code": code, "message": message, "field": field, "status": status, **own}
    example = OpenApiExample(str(value["code"]), value=value, response_only=True, status_codes=[status])
    return OpenApiResponse(shapes.ProblemSerializer, description=description, examples=[example])


ALWAYS = (401, 403, 429)
_WITH_BODY = (400, 413, 415)

# --- examples ---

_HANDED = {
    "sid": _HO,
    "state": "waiting",
    "position": 1,
    "queue": "Support",
    "agent": None,
    "conversation_sid": _CH,
    "task_sid": _WT,
    "date_created": _AT,
}
_MESSAGE = {
    "sid": _IM,
    "version": 1,
    "conversation_sid": _CH,
    "index": 2,
    "ref": "answer-1",
    "direction": "outbound",
    "author": {"kind": "bot", "sid": _SK, "name": "Demo bot"},
    "body": "Hello! How can I help?",
    "media": [],
    "details": {},
    "content": None,
    "status": "queued",
    "error_code": "",
    "error_message": "",
    "date_created": _AT,
}
_CONVERSATION = {
    "sid": _CH,
    "version": 4,
    "state": "active",
    "channel": "sms",
    "owner": "bot",
    "contact": {"sid": "CT" + "1" * 32, "name": "Maria"},
    "customer_address": "+15550100001",
    "customer_shown": "+1 555-010-0001",
    "our_address": "+15550001000",
    "our_name": "Front desk",
    "attributes": {},
    "last_index": 2,
    "participants": [],
    "date_created": _AT,
    "date_closed": None,
    "opted_out": False,
    "window": None,
    "last_message": {"index": 2, "author_kind": "bot", "body": "Hello! How can I help?", "date_created": _AT},
}
_CALENDAR = {
    "sid": "BC5f0c3d2b1a4e4d6c8f7a9b0c1d2e3f40",
    "workspace_sid": "WS" + "2" * 32,
    "unique_name": "support",
    "friendly_name": "Support",
    "time_zone": "Europe/Madrid",
    "at": "2026-12-25T09:00:00.000Z",
    "open": False,
    "reason": "holiday",
    "holiday": "Natividad del Señor",
    "override": None,
    "next_opening": "2026-12-28T08:00:00.000Z",
    "next_closing": "2026-12-28T17:00:00.000Z",
    "opens_in_minutes": 4260,
    "closes_in_minutes": 4800,
    "date": "2026-12-25",
    "time": "10:00",
    "weekday": "friday",
}
_TRANSCRIPT = [
    {"author": "customer", "body": "My order has not come", "at": "2026-01-02T03:03:00Z"},
    {"author": "bot", "body": "Which order is it?"},
    {"author": "customer", "body": "4711. I want an agent"},
]
_BY_CONVERSATION = {
    "conversation": _CH,
    "skills": ["support"],
    "priority": 5,
    "summary": "Order 4711 has not arrived.",
    "transcript": _TRANSCRIPT,
    "context": {"order": "4711", "language": "en"},
}
_BY_ADDRESS = {
    "channel": {"type": "whatsapp", "from": "whatsapp:+15550100001", "to": "whatsapp:+15550002000"},
    "queue": "Support",
    "name": "Maria",
    "summary": "Wants to talk to a person.",
}


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def answered(shape: Any, description: str, value: Any, *, status: int = 200) -> OpenApiResponse:
    example = OpenApiExample("answer", value=value, response_only=True, status_codes=[status])
    return OpenApiResponse(shape, description=description, examples=[example])


def path_sid(prefix: str) -> OpenApiParameter:
    pattern = {"type": "string", "pattern": f"^{prefix}[0-9a-f]{{32}}$"}
    return OpenApiParameter("sid", pattern, OpenApiParameter.PATH, description=f"a sid: {prefix} and 32 hex digits")


_IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Your own name for the request: repeating both changes nothing and gets the same hand-off.",
)
_LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[200, 201], description="the path of the hand-off"
)

# --- operations ---

HAND_OFF: dict[str, Any] = {
    "operation_id": "createHandOff",
    "tags": ["handoffs"],
    "request": HandOffRequestSerializer,
    "parameters": [_IDEMPOTENCY, _LOCATION],
    "examples": [_asked("A conversation that the bot owns", _BY_CONVERSATION), _asked("By address", _BY_ADDRESS)],
    "responses": {
        200: answered(shapes.HandOffSerializer, "A repeat: the hand-off that stands.", _HANDED),
        201: answered(shapes.HandOffSerializer, "Handed over.", _HANDED, status=201),
        **refusals(
            *ALWAYS,
            *_WITH_BODY,
            404,
            409,
            conflict={"code": "idempotency-mismatch", "message": _MISMATCH, "field": "Idempotency-Key"},
        ),
    },
}
LIST_HAND_OFFS: dict[str, Any] = {
    "operation_id": "listHandOffs",
    "tags": ["handoffs"],
    "parameters": [HandOffListQuery],
    "responses": {
        200: answered(shapes.HandOffListSerializer, "One page.", {"handoffs": [_HANDED], "next_page_token": None}),
        **refusals(*ALWAYS, 400),
    },
}
GET_HAND_OFF: dict[str, Any] = {
    "operation_id": "getHandOff",
    "tags": ["handoffs"],
    "parameters": [path_sid("HO")],
    "responses": {200: answered(shapes.HandOffSerializer, "The hand-off.", _HANDED), **refusals(*ALWAYS, 404)},
}
GET_CONVERSATION: dict[str, Any] = {
    "operation_id": "getConversation",
    "tags": ["conversations"],
    "parameters": [path_sid("CH")],
    "responses": {
        200: answered(shapes.ConversationSerializer, "The conversation.", _CONVERSATION),
        **refusals(*ALWAYS, 404),
    },
}
LIST_MESSAGES: dict[str, Any] = {
    "operation_id": "listMessages",
    "tags": ["conversations"],
    "parameters": [path_sid("CH"), MessageListQuery],
    "responses": {
        200: answered(shapes.MessageListSerializer, "One page.", {"messages": [_MESSAGE], "next_before": 2}),
        **refusals(*ALWAYS, 400, 404),
    },
}
SAY: dict[str, Any] = {
    "operation_id": "createMessage",
    "tags": ["conversations"],
    "request": NewMessageSerializer,
    "parameters": [path_sid("CH")],
    "examples": [
        _asked("An answer", {"body": "Hello! How can I help?", "ref": "answer-1"}),
        _asked("With a file", {"body": "This is the way:", "media": [_ME], "ref": "answer-2"}),
        _asked(
            "A template", {"content_sid": _HX, "content_variables": {"1": "Maria", "2": "Friday"}, "ref": "visit-7"}
        ),
    ],
    "responses": {
        201: answered(shapes.MessageSerializer, "Queued for the customer.", _MESSAGE, status=201),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409, conflict={"code": "not-owner", "message": NOT_OWNER}),
    },
}
LIST_CALENDARS: dict[str, Any] = {
    "operation_id": "listCalendars",
    "tags": ["calendars"],
    "parameters": [CalendarQuery],
    "responses": {
        200: answered(shapes.CalendarListSerializer, "All calendars, by name.", {"calendars": [_CALENDAR]}),
        **refusals(*ALWAYS, 400),
    },
}
GET_CALENDAR: dict[str, Any] = {
    "operation_id": "getCalendar",
    "tags": ["calendars"],
    "parameters": [
        OpenApiParameter("name", str, OpenApiParameter.PATH, description="a calendar's unique name or sid"),
        CalendarQuery,
    ],
    "responses": {
        200: answered(shapes.CalendarSerializer, "The calendar.", _CALENDAR),
        **refusals(*ALWAYS, 400, 404),
    },
}
