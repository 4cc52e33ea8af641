"""Files of conversations, for those who may see the conversation."""

from pathlib import Path
from urllib.parse import quote

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from agents.queries import actor_for
from conversations import queries
from conversations.actions.media import PICTURES
from conversations.models import Media
from kernel.actor import Actor
from kernel.errors import NotFound


@require_GET
def media(request: HttpRequest, sid: str) -> HttpResponseBase:
    """The file; only pictures are shown inline, and nothing that a browser would run."""
    if not request.user.is_authenticated:
        raise Http404
    return serve(sid, actor=actor_for(request.user))


def serve(sid: str, *, actor: Actor) -> HttpResponseBase:
    """The response for one file, or 404 for whoever may not see it."""
    try:
        found = queries.media(sid, actor=actor)
    except NotFound as error:
        raise Http404 from error
    return file_response(found)


def file_response(found: Media) -> HttpResponseBase:
    picture = found.content_type in PICTURES
    response = FileResponse(found.file.open("rb"), content_type=found.content_type if picture else _OPAQUE)
    disposition = "inline" if picture else "attachment"
    response["Content-Disposition"] = (
        f"{disposition}; filename*=UTF-8''{quote(Path(found.file.name or found.sid).name)}"
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=300"
    return response


_OPAQUE = "application/octet-stream"
