"""Files that come with messages: fetched by a worker, judged by their bytes, stored, or visibly failed."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q

from conversations import queries
from conversations.actions import rights
from conversations.actions.telling import tell_message
from conversations.core import limits
from conversations.core.pictures import examine
from conversations.models import Conversation, Media, Message
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import StaleMove

# Longer than a fetch may take: 60 s, and the last read's time-out.
_LEASE = timedelta(seconds=90)


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
        fail_media(media, code="worker-died")
        return None
    return media


def store_media(media: Media, *, content: bytes) -> None:
    """Keep the file. Its type is what its bytes say, whatever anybody claims; the unknown is only ever a download."""
    examined = examine(content)
    kept = Media(sid=media.sid)
    kept.file.save(f"{media.sid}.{examined.ending}", ContentFile(content), save=False)
    size = {"width": 0, "height": 0}
    if examined.picture is not None:
        kept.thumbnail.save(f"{media.sid}.webp", ContentFile(examined.picture.thumbnail), save=False)
        size = {"width": examined.picture.width, "height": examined.picture.height}
    if not _settle(
        media,
        status=Media.Status.STORED,
        content_type=examined.content_type[:100],
        size=len(content),
        file=kept.file.name,
        thumbnail=kept.thumbnail.name or "",
        **size,
    ):  # Another worker was first.
        kept.file.delete(save=False)
        if kept.thumbnail:
            kept.thumbnail.delete(save=False)


def retry_media(media: Media, *, code: str = "given-up") -> None:
    """Look again later, or give up after too many attempts; ``code`` tells why this one was in vain."""
    if media.attempts >= limits.ATTEMPTS:
        fail_media(media, code=code)
        return
    due_at = database_now() + timedelta(seconds=limits.back_off_seconds(media.attempts))
    Media.objects.filter(pk=media.pk, status=Media.Status.PENDING).update(due_at=due_at)


def fail_media(media: Media, *, code: str = "given-up") -> None:
    """The file cannot be had; the message says so, and why."""
    _settle(media, status=Media.Status.FAILED, failure=code[:32])


def fetch_again(media: Media, *, actor: Actor) -> Media:
    """A customer's file that could not be had is looked for anew: the agent's decision.

    Raises ``NotFound`` for somebody who does not take part, ``StaleMove`` for a file that has not failed.
    """
    with transaction.atomic():
        conversation = queries.locked_conversation(media.message.conversation_id)
        rights.participant(conversation, actor=actor)
        failed = Media.objects.filter(pk=media.pk, status=Media.Status.FAILED).exclude(source_url="")
        if not failed.update(
            status=Media.Status.PENDING, failure="", attempts=0, due_at=clock.now(), version=F("version") + 1
        ):
            raise StaleMove("The file is here, or on its way.", field="media")
        _tell(media, conversation=conversation, actor=actor)
        media.refresh_from_db()
        return media


def _settle(media: Media, **fields: object) -> bool:
    """Whether it was still to be settled."""
    with transaction.atomic():
        conversation = queries.locked_conversation(media.message.conversation_id)
        pending = Media.objects.filter(pk=media.pk, status=Media.Status.PENDING)
        if not pending.update(due_at=None, version=F("version") + 1, **fields):
            return False
        _tell(media, conversation=conversation, actor=SYSTEM)
        return True


def _tell(media: Media, *, conversation: Conversation, actor: Actor) -> None:
    message = media.message
    Message.objects.filter(pk=message.pk).update(version=F("version") + 1)
    message.refresh_from_db()
    tell_message("message.updated", message, conversation=conversation, actor=actor)
