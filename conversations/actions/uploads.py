"""Files that somebody brings for the next message, judged at once: an agent, a bot, a visitor of a web chat."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from django.core.files.base import ContentFile

from conversations.actions import rights
from conversations.core import attachments, names
from conversations.core.attachments import File
from conversations.core.pictures import OPAQUE, Examined, claims_to_be_a_picture, examine
from conversations.core.policy import Refusal
from conversations.models import Conversation, Media, Message, Upload
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, DomainError, Forbidden, Invalid, TooMany

KEPT: Final = timedelta(hours=24)
# Beyond those of one message: some that were dropped by mistake.
_WAITING: Final = 2 * attachments.FILES_AT_ONCE
# Visitors whose files one process judges at a time.
_strangers = threading.BoundedSemaphore(3)


def upload(conversation: Conversation, *, name: str, content: bytes, actor: Actor) -> Upload:
    """The file waits for the next message that the agent or the bot says here. Its type is what its bytes say.

    Raises ``NotFound`` for somebody who may not speak here, ``Conflict`` when the conversation is closed or is not the
    bot's, ``Invalid`` for a kind that nobody should open or the channel does not carry, ``TooLarge``, and ``TooMany``.
    """
    if actor.kind == "key":
        rights.may_speak(conversation, actor=actor)
    else:
        rights.participant(conversation, actor=actor)
    if conversation.state != Conversation.State.ACTIVE:
        raise Conflict("The conversation is closed.", code="conversation-closed", field="conversation")
    return _taken(conversation, channel=conversation.channel, name=name, content=content, actor=actor)


def upload_as_visitor(*, channel: str, name: str, content: bytes, actor: Actor) -> Upload:
    """The file waits for the visitor's next message, wherever that leads.

    Raises as `upload` does, and ``TooMany`` while other visitors' files are being judged: anybody can send some that
    take a second, and all requests would wait.
    """
    if actor.kind != "visitor":
        raise Forbidden("Only visitors of a web chat bring files in this way.")
    if not _strangers.acquire(blocking=False):
        raise TooMany("Many files are coming in at this moment. Try again in a moment.", code="busy", wait=2)
    try:
        return _taken(None, channel=channel, name=name, content=content, actor=actor)
    finally:
        _strangers.release()


def discard_upload(sid: str, *, actor: Actor) -> None:
    """The file is not to be sent after all. One that is gone already, or was sent, is left as it is."""
    row = Upload.objects.filter(sid=sid, owner_sid=_owner_sid(actor)).first()
    if row is not None:
        remove(row)


def discard_uploads_of(owner_sid: str) -> None:
    """Whoever brought them is known no more."""
    for row in Upload.objects.filter(owner_sid=owner_sid):
        remove(row)


def expire_upload(sid: str, *, now: datetime) -> None:
    """Nobody has sent it within its time."""
    row = Upload.objects.filter(sid=sid, due_at__lte=now).first()
    if row is not None:
        remove(row)


def waiting(conversation: Conversation | None, wanted: Sequence[str], *, channel: str, actor: Actor) -> list[Upload]:
    """The actor's own files of these sids, in this order; raises ``Invalid`` for one that is not there, or too many
    or too large together.
    """
    if not wanted:
        return []
    mine = Upload.objects.filter(conversation=conversation, owner_sid=_owner_sid(actor), sid__in=wanted)
    found = {row.sid: row for row in mine}
    if len(found) < len(wanted):
        raise Invalid("One of the files is not here any more. Remove it and choose it again.", field="media")
    rows = [found[sid] for sid in wanted]
    attachments.check(channel, [facts(row) for row in rows])
    return rows


def attach(files: Sequence[Upload], *, message: Message) -> list[Media]:
    """The files are the message's from now on. Part of the caller's transaction."""
    if not files:
        return []
    gone, _ = Upload.objects.filter(pk__in=[row.pk for row in files]).delete()
    if gone < len(files):  # Discarded or sent by the agent's other tab in this moment.
        raise Invalid("One of the files is not here any more. Remove it and choose it again.", field="media")
    return Media.objects.bulk_create(
        Media(
            sid=row.sid,
            message=message,
            name=row.name,
            content_type=row.content_type,
            size=row.size,
            status=Media.Status.STORED,
            file=row.file.name,
            thumbnail=row.thumbnail.name or "",
            width=row.width,
            height=row.height,
        )
        for row in files
    )


def facts(row: Upload | Media) -> File:
    """What the limits ask of it."""
    return File(row.sid, row.name, row.content_type, row.size)


def refusal_of(files: Sequence[Media], *, channel: str) -> Refusal | None:
    """Why a queued message with these files may not go out now."""
    if not files:
        return None
    try:
        attachments.check(channel, [facts(file) for file in files])
    except DomainError as error:
        return Refusal(error.code, attachments.provider_code(error), str(error))
    return None


def _taken(conversation: Conversation | None, *, channel: str, name: str, content: bytes, actor: Actor) -> Upload:
    owner_sid = _owner_sid(actor)
    if Upload.objects.filter(conversation=conversation, owner_sid=owner_sid).count() >= _WAITING:
        raise TooMany("Too many files wait to be sent. Send or remove some of them.", code="too-many-files")
    plain = _plain(name)
    examined = _sound(content, name=plain)
    attachments.check_one(channel, File("", plain, examined.content_type, len(content)))
    row = Upload(
        conversation=conversation,
        owner_sid=owner_sid,
        name=plain,
        content_type=examined.content_type,
        size=len(content),
        due_at=clock.now() + KEPT,
    )
    return _kept(row, examined, content=content)


def _owner_sid(actor: Actor) -> str:
    return actor.worker_sid or actor.sid


def _plain(name: str) -> str:
    """The name of a file as it may be shown: no folders, nothing invisible."""
    return names.clean(PurePosixPath(name.replace("\\", "/")).name) or "file"


def _sound(content: bytes, *, name: str) -> Examined:
    examined = examine(content)
    if examined.content_type != OPAQUE and examined.ending != "bin":
        return examined
    if claims_to_be_a_picture(content):
        raise Invalid(
            "%(name)s cannot be read as a picture, or has more than 40 megapixels. Save it anew, or make it smaller.",
            code="file-broken",
            field="media",
            params={"name": name},
        )
    raise Invalid(
        "%(name)s is of a kind that cannot be sent. Send a picture, a sound, a video, a PDF or an office document.",
        code="file-kind",
        field="media",
        params={"name": name},
    )


def _kept(row: Upload, examined: Examined, *, content: bytes) -> Upload:
    row.file.save(f"{row.sid}.{examined.ending}", ContentFile(content), save=False)
    if examined.picture is not None:
        row.thumbnail.save(f"{row.sid}.webp", ContentFile(examined.picture.thumbnail), save=False)
        row.width, row.height = examined.picture.width, examined.picture.height
    row.save(force_insert=True)
    return row


def remove(row: Upload) -> None:
    """Whoever deletes the row deletes its files, and nobody else: it may become a message's in this moment."""
    gone, _ = Upload.objects.filter(pk=row.pk).delete()
    if gone:
        row.file.delete(save=False)
        if row.thumbnail:
            row.thumbnail.delete(save=False)
