"""Files of conversations, for those who may see the conversation."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_safe

from agents.queries import actor_for
from conversations import links, queries
from conversations.core import attachments
from conversations.core.pictures import OPAQUE, PICTURES, THUMBNAIL_TYPE
from conversations.models import Media
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound, TooLarge

# What a form's own words take beside the file.
FORM_BYTES: Final = 64 * 1024


@require_GET
def media(request: HttpRequest, sid: str) -> HttpResponseBase:
    """The file; only pictures are shown inline, and nothing that a browser would run."""
    if not request.user.is_authenticated:
        raise Http404
    return serve(sid, actor=actor_for(request.user))


@require_GET
def thumbnail(request: HttpRequest, sid: str) -> HttpResponseBase:
    """The small picture, which is ours and no longer the sender's; 404 when there is none."""
    if not request.user.is_authenticated:
        raise Http404
    return serve_thumbnail(sid, actor=actor_for(request.user))


@require_safe
def shared(_: HttpRequest, token: str) -> HttpResponseBase:
    """A file for whoever was given its address: the carrier that is to deliver it. The type is the file's own, which is
    never one that a browser runs.
    """
    found = links.shared(token)
    if found is None:
        raise Http404
    response = _response(found.file, content_type=found.content_type, inline=found.content_type in PICTURES)
    response["X-Robots-Tag"] = "noindex"
    return response


def serve_thumbnail(sid: str, *, actor: Actor) -> HttpResponseBase:
    """The response for the small picture of one file, or 404."""
    try:
        return _response(queries.thumbnail(sid, actor=actor), content_type=THUMBNAIL_TYPE)
    except NotFound as error:
        raise Http404 from error


def serve(sid: str, *, actor: Actor) -> HttpResponseBase:
    """The response for one file, or 404 for whoever may not see it."""
    return file_response(_readable(sid, actor=actor))


def file_response(found: Media) -> HttpResponseBase:
    """The file itself: inline only if it was decoded as a picture, and in either case without any rights."""
    return _response(found.file, content_type=found.content_type if found.content_type in PICTURES else OPAQUE)


def given_file(request: HttpRequest) -> "UploadedFile[bytes]":
    """The file of the form's field ``file``.

    Raises ``Invalid`` without one, ``TooLarge`` beyond what any channel takes: unread, if its length is told.
    """
    told = request.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > attachments.LARGEST + FORM_BYTES:
        raise too_large("")
    given = request.FILES.get("file")
    if given is None:
        raise Invalid("Choose a file.", field="file")
    if (given.size or 0) > attachments.LARGEST:
        raise too_large(given.name or "")
    return given


def too_large(name: str) -> TooLarge:
    """The refusal of a file that no channel takes; the name may be empty."""
    return TooLarge(
        "%(name)s is larger than %(limit)s, the most that this channel takes of its kind. Make it smaller, or "
        "send a link.",
        code="file-too-large",
        field="media",
        params={"name": name or gettext("This file"), "limit": attachments.in_words(attachments.LARGEST)},
    )


def _readable(sid: str, *, actor: Actor) -> Media:
    try:
        return queries.media(sid, actor=actor)
    except NotFound as error:
        raise Http404 from error


def _response(file: FieldFile, *, content_type: str, inline: bool | None = None) -> HttpResponseBase:
    try:
        opened = file.open("rb")
    except FileNotFoundError as error:  # The row outlived the disk.
        raise Http404 from error
    response = FileResponse(opened, content_type=content_type)
    is_inline = content_type != OPAQUE if inline is None else inline
    disposition = "inline" if is_inline else "attachment"
    response["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(Path(file.name or 'file').name)}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=300"
    return response
