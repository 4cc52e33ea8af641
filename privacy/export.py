"""The copy of a person's data: a ZIP with one JSON document and the files, written as it is read."""

import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files.storage import default_storage

from conversations.details import details_payload
from conversations.models import Consent, Contact, ContactValue, Conversation, Identity, Media, Message
from conversations.queries.contacts import all_of
from kernel import clock
from privacy import queries

_AT_ONCE: Final = 500
_BLOCK: Final = 64 * 1024

Progress = Callable[[float], None]


def write(contact: Contact, target: IO[bytes], *, progress: Progress) -> dict[str, int]:
    """Write all that we hold of the person; how much it was.

    ``contact.json``, ``conversations/CH….json`` with their messages, ``media/ME….jpg``. Of others there is only what
    they said to this person, and under which name.
    """
    talks = list(queries.talks_of(contact).select_related("address", "identity"))
    figures = {"conversations": len(talks), "messages": 0, "files": 0}
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr("contact.json", _text(_person(contact)))
        for done, talk in enumerate(talks):
            progress(done / len(talks))
            document = _talk(talk)
            archive.writestr(f"conversations/{talk.sid}.json", _text(document))
            figures["messages"] += len(document["messages"])
            for _ in _files(archive, talk):
                figures["files"] += 1
                progress(done / len(talks))
    return figures


def _person(contact: Contact) -> dict[str, Any]:
    people = all_of(contact)
    values = ContactValue.objects.filter(contact__in=people).select_related("field")
    lines = Consent.objects.filter(identity__contact__in=people).select_related("identity", "address").order_by("pk")
    return {
        "sid": contact.sid,
        "name": contact.name,
        "date_created": clock.iso(contact.created_at),
        "blocked": contact.blocked_at is not None,
        "blocked_reason": contact.blocked_reason,
        "identities": [
            {"channel": row.channel, "address": row.address}
            for row in Identity.objects.filter(contact__in=people).order_by("pk")
        ],
        "fields": {value.field.key: value.text for value in values},
        "consents": [
            {
                "address": line.identity.address,
                "our_address": line.address.address,
                "channel": line.channel,
                "what": line.what,
                "source": line.source,
                "evidence": line.evidence,
                "date_created": clock.iso(line.created_at),
            }
            for line in lines
        ],
    }


def _talk(talk: Conversation) -> dict[str, Any]:
    messages = Message.objects.filter(conversation=talk).prefetch_related("media").order_by("index")
    return {
        "sid": talk.sid,
        "channel": talk.channel,
        "address": talk.identity.address,
        "our_address": talk.address.address,
        "attributes": talk.attributes,
        "date_created": clock.iso(talk.created_at),
        "date_closed": clock.iso(talk.closed_at),
        "date_erased": clock.iso(talk.erased_at),
        "messages": [_message(row) for row in messages.iterator(chunk_size=_AT_ONCE)],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "index": message.index,
        "direction": message.direction,
        "author": {"kind": message.author_kind, "name": message.author_name},
        "body": message.body,
        "details": details_payload(message),
        "received_as": message.provider_params,
        "status": message.status,
        "media": [_path(media) for media in message.media.all() if media.file],
        "date_created": clock.iso(message.created_at),
    }


def _files(archive: ZipFile, talk: Conversation) -> Iterator[None]:
    """Copy each file; one that is gone from the disk is left out."""
    rows = Media.objects.filter(message__conversation=talk, status=Media.Status.STORED).exclude(file="")
    for media in rows.order_by("pk"):
        try:
            opened = default_storage.open(media.file.name or "")
        except FileNotFoundError:
            continue
        with opened, archive.open(_path(media), "w") as copy:
            while block := opened.read(_BLOCK):
                copy.write(block)
        yield


def _path(media: Media) -> str:
    return f"media/{media.sid}{PurePosixPath(media.file.name or '').suffix}"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
