"""Files that a bot brings: as a form, or by their address."""

import threading
from typing import ClassVar, Final, cast

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import View, actor_of, body
from api.files import operations
from api.files.serializers import FileByUrlSerializer
from api.parsers import JSONParser
from api.views import conversation_of
from conversations import actions
from conversations.core import attachments
from conversations.views import given_file, too_large
from hooks import egress
from kernel.errors import Invalid, TooMany

FETCH_SECONDS: Final = 10.0
UNREACHABLE: Final = "file-unreachable"
# Each holds a thread of the web server as long as the other side likes, up to those seconds.
_fetching = threading.BoundedSemaphore(4)


class Files(View):
    """Bring files for the next message."""

    scopes: ClassVar = {"POST": ("conversations:write",)}
    parser_classes = [JSONParser, MultiPartParser]
    http_method_names = ["post"]

    @extend_schema(**operations.CREATE)
    def post(self, request: Request, sid: str) -> Response:
        """Bring a file for the next message, as a form or by its URL."""
        found = conversation_of(sid, actor=actor_of(request))
        name, content = self._given(request)
        made = actions.upload(found, name=name, content=content, actor=actor_of(request))
        kept = {"sid": made.sid, "name": made.name, "content_type": made.content_type, "size": made.size}
        return Response(kept, status=201)

    def _given(self, request: Request) -> tuple[str, bytes]:
        if request.content_type.startswith("multipart/"):
            # The framework's request stands for Django's own, and knows what its parser has read.
            given = given_file(cast(HttpRequest, request))
            return given.name or "", given.read()
        asked = body(request, FileByUrlSerializer)
        return asked.name_or_last_part(), fetched(asked.validated_data["url"])


def fetched(url: str) -> bytes:
    """The file at an integrator's URL, through the guard. Raises ``Invalid``, ``TooLarge``, ``TooMany``."""
    egress.check_url(url)
    if not _fetching.acquire(blocking=False):
        raise TooMany("Too many files are being fetched just now. Try again.", wait=1.0)
    try:
        answer = egress.get(url, most=attachments.LARGEST, seconds=FETCH_SECONDS)
    except egress.Refused as error:
        raise Invalid(
            "This address is not open to the internet. Give one that is.", code=UNREACHABLE, field="url"
        ) from error
    except egress.Unreachable as error:
        raise Invalid(
            "Nothing came from this address in time. Try again, or upload the file itself.",
            code=UNREACHABLE,
            field="url",
        ) from error
    except egress.Oversize as error:
        raise too_large("") from error
    finally:
        _fetching.release()
    if answer.status != 200:
        raise Invalid(
            "The address answered with status %(status)d. Give the file's own address: redirects are not followed.",
            code=UNREACHABLE,
            field="url",
            params={"status": answer.status},
        )
    return answer.body
