"""What the OpenAPI document says of files, with examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from api.files.serializers import FileByUrlSerializer, FileFormSerializer, FileSerializer
from api.openapi import ALWAYS, NOT_OWNER, answered, path_sid, refusals

_FILE = {
    "sid": "ME019a0000000000000000000000000000",
    "name": "route.png",
    "content_type": "image/png",
    "size": 48213,
}
_BY_URL = {"url": "https://cdn.example.com/maps/route.png"}

CREATE: dict[str, Any] = {
    "operation_id": "createFile",
    "tags": ["conversations"],
    "request": {"application/json": FileByUrlSerializer, "multipart/form-data": FileFormSerializer},
    "parameters": [path_sid("CH")],
    "examples": [OpenApiExample("By URL", value=_BY_URL, request_only=True, media_type="application/json")],
    "responses": {
        201: answered(FileSerializer, "It waits for the bot's next message.", _FILE, status=201),
        **refusals(*ALWAYS, 400, 404, 409, 413, 415, conflict={"code": "not-owner", "message": NOT_OWNER}),
    },
}
