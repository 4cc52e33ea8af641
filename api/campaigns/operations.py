"""What the OpenAPI document says of campaigns, with examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from api.campaigns import shapes
from api.campaigns.serializers import (
    CampaignListQuery,
    CampaignRequestSerializer,
    RecipientListQuery,
    RowsSerializer,
    VerbSerializer,
)
from api.openapi import ALWAYS, answered, path_sid, refusals

_AT = "2026-01-02T03:04:05.678Z"
_WITH_BODY = (400, 413, 415)
_ROW = {"to": "+15550100001", "variables": {"name": "Maria", "time": "10:30"}}
_REQUEST = {
    "name": "Reminders of Friday",
    "from": "+15550001000",
    "body": "Hello {{name}}, we expect you at {{time}}.",
    "rate": 5,
    "start": True,
    "ref": "reminders-2026-01-02",
    "recipients": [_ROW],
}
_RESULTS = {
    "waiting": 0, "skipped": 0, "queued": 0, "sent": 0, "delivered": 1, "failed": 0, "unknown": 0, "canceled": 0,
}  # fmt: skip
_CAMPAIGN = {
    "sid": "CP019a0000000000000000000000000000",
    "version": 2,
    "name": _REQUEST["name"],
    "state": "running",
    "sender": _REQUEST["from"],
    "channel": "sms",
    "body": _REQUEST["body"],
    "content_sid": "",
    "calendar": None,
    "rate": 5,
    "date_created": _AT,
    "start_at": None,
    "date_started": _AT,
    "date_ended": None,
    "progress": {"total": 1, "results": _RESULTS, "replied": 0},
}
_REJECTED = {"line": 2, "to": "nope", "code": "bad-address", "message": "This is no number that can be written to."}
_RECIPIENT = {
    "line": 1,
    **_ROW,
    "result": "delivered",
    "reason": "",
    "error_code": "",
    "message_sid": "IM019a0000000000000000000000000000",
    "conversation_sid": "CH019a0000000000000000000000000000",
    "date_taken": _AT,
    "date_replied": None,
}


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


CREATE: dict[str, Any] = {
    "operation_id": "createCampaign",
    "tags": ["campaigns"],
    "request": CampaignRequestSerializer,
    "examples": [_asked("Reminders", _REQUEST)],
    "responses": {
        200: answered(
            shapes.NewCampaignSerializer, "A repeat: the campaign that stands.", {**_CAMPAIGN, "rejected": []}
        ),
        201: answered(shapes.NewCampaignSerializer, "Made.", {**_CAMPAIGN, "rejected": [_REJECTED]}, status=201),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409),
    },
}
LIST: dict[str, Any] = {
    "operation_id": "listCampaigns",
    "tags": ["campaigns"],
    "parameters": [CampaignListQuery],
    "responses": {
        200: answered(shapes.CampaignListSerializer, "One page.", {"campaigns": [_CAMPAIGN], "next_page_token": None}),
        **refusals(*ALWAYS, 400),
    },
}
GET: dict[str, Any] = {
    "operation_id": "getCampaign",
    "tags": ["campaigns"],
    "parameters": [path_sid("CP")],
    "responses": {200: answered(shapes.CampaignSerializer, "The campaign.", _CAMPAIGN), **refusals(*ALWAYS, 404)},
}
DO: dict[str, Any] = {
    "operation_id": "updateCampaign",
    "tags": ["campaigns"],
    "request": VerbSerializer,
    "parameters": [path_sid("CP")],
    "examples": [_asked("Pause it", {"do": "pause"})],
    "responses": {
        200: answered(shapes.CampaignSerializer, "Done.", _CAMPAIGN),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409),
    },
}
ADD: dict[str, Any] = {
    "operation_id": "addRecipients",
    "tags": ["campaigns"],
    "request": RowsSerializer,
    "parameters": [path_sid("CP")],
    "examples": [_asked("One more", {"recipients": [_ROW]})],
    "responses": {
        200: answered(shapes.NewCampaignSerializer, "Taken.", {**_CAMPAIGN, "rejected": [_REJECTED]}),
        **refusals(*ALWAYS, *_WITH_BODY, 404, 409),
    },
}
ROWS: dict[str, Any] = {
    "operation_id": "listRecipients",
    "tags": ["campaigns"],
    "parameters": [path_sid("CP"), RecipientListQuery],
    "responses": {
        200: answered(shapes.RecipientListSerializer, "One page.", {"recipients": [_RECIPIENT], "next_after": None}),
        **refusals(*ALWAYS, 400, 404),
    },
}
