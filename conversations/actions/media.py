"""Files that come with messages: fetched by a worker, judged by their bytes, stored, or visibly failed."""

from datetime import timedelta

import filetype
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q

from conversations import queries
from conversations.actions.telling import tell_message
from conversations.core import limits
from conversations.models import Media
from eventlog.dbclock import database_now
from kernel.actor import SYSTEM

# Shown inline by a browser without running anything. Everything else is offered as a download.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LEASE = timedelta(seconds=60)


def claim_media(media_sid: str) -> Media | None:
    """Take a pending file for one attempt; ``None`` when another worker has it, it is done, or it is given up.

    A file that kills its worker never comes as far as `retry_media`; it is given up here.
    """
    now = database_now()
    # The first attempt needs no clock: the web server that wrote ``due_at`` may be ahead of the database.
    pending = Media.objects.filter(Q(due_at__lte=now) | Q(attempts=0), sid=media_sid, status=Media.Status.PENDING)
    if not pending.update(due_at=now + _LEASE, attempts=F("attempts") + 1):
        return None
    media = Media.objects.get(sid=media_sid)
    if media.attempts > limits.ATTEMPTS:
        fail_media(media)
        return None
    return media


def store_media(media: Media, *, content: bytes) -> None:
    """Keep the file. Its type is what its bytes say, whatever anybody claims; the unknown is only ever a download."""
    guess = filetype.guess(content)
    sniffed = guess.mime if guess is not None else "application/octet-stream"
    name = f"{media.sid}.{guess.extension if guess is not None else 'bin'}"
    media.file.save(name, ContentFile(content), save=False)
    _settle(media, status=Media.Status.STORED, content_type=sniffed, size=len(content), file=media.file.name)


def retry_media(media: Media) -> None:
    """Look again later, or give up after too many attempts."""
    if media.attempts >= limits.ATTEMPTS:
        fail_media(media)
        return
    due_at = database_now() + timedelta(seconds=limits.back_off_seconds(media.attempts))
    Media.objects.filter(pk=media.pk, status=Media.Status.PENDING).update(due_at=due_at)


def fail_media(media: Media) -> None:
    """The file cannot be had; the message says so."""
    _settle(media, status=Media.Status.FAILED)


def _settle(media: Media, **fields: object) -> None:
    with transaction.atomic():
        message = media.message
        conversation = queries.locked_conversation(message.conversation_id)
        pending = Media.objects.filter(pk=media.pk, status=Media.Status.PENDING)
        if not pending.update(due_at=None, version=F("version") + 1, **fields):
            return
        type(message).objects.filter(pk=message.pk).update(version=F("version") + 1)
        message.refresh_from_db()
        tell_message("message.updated", message, conversation=conversation, actor=SYSTEM)
