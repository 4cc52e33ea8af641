"""Erasing over all domains: here conversations, tasks, webhooks and the journal know one another."""

from collections.abc import Collection
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.module_loading import import_string

from conversations import actions as conversations
from conversations.models import (
    Consent,
    Contact,
    ContactValue,
    Conversation,
    Identity,
    Media,
    Message,
    ScheduledMessage,
)
from eventlog.redacting import redact
from hooks import actions as hooks
from interactions.models import HandOff, Interaction
from kernel.actor import SYSTEM
from kernel.errors import Conflict
from privacy.core.redaction import redacted
from routing.actions.erasing import erase_tasks
from routing.models import Task

_STRUCTURE: Final = frozenset({"sid", "other_sid", "change_sid", "contact_sid"})


def erase_talk(conversation: Conversation, *, words: Collection[str] = ()) -> None:
    """Nothing is left of what was said in a closed conversation: not in its tasks, letters or events either.

    ``words``: names and numbers that are blotted out wherever they stand. Raises Conflict for an open conversation.
    """

    def also(locked: Conversation) -> None:
        if Interaction.objects.filter(conversation=locked, ended_at__isnull=True).exists():
            raise Conflict("An agent works on the conversation, or is sought.", field="conversation")
        subjects = [*_sids_of(locked), *erase_tasks(list(_tasks(locked)))]
        _redact(subjects, words=words)

    conversations.erase_conversation(conversation, also=also, actor=SYSTEM)


def erase_person(contact: Contact) -> None:
    """Nothing is left of who it was. Raises Conflict while a conversation still has words."""

    def also(rows: list[Contact]) -> None:
        addresses = list(Identity.objects.filter(contact__in=rows).values_list("address", flat=True))
        for path in settings.PERSONAL_DATA_KEEPERS:
            import_string(path)(addresses)
        talks = Conversation.objects.filter(identity__contact__in=rows).values_list("sid", flat=True)
        _redact([*talks, *(row.sid for row in rows)], words=words_of(rows))
        _forget_pages(rows)

    conversations.erase_contact(contact, also=also, actor=SYSTEM)


def words_of(contacts: Collection[Contact]) -> list[str]:
    """How these people are called and reached, wherever it may be spelled out."""
    addresses = set(Identity.objects.filter(contact__in=contacts).values_list("address", flat=True))
    plain = {address.partition(":")[2] for address in addresses if ":" in address}
    values = set(ContactValue.objects.filter(contact__in=contacts).values_list("text", flat=True))
    return sorted({*addresses, *plain, *values, *(row.name for row in contacts)} - {""})


def _redact(subjects: list[str], *, words: Collection[str]) -> None:
    def cleaned(event_type: str, data: Any) -> Any:
        if event_type.startswith("contact."):
            return {name: value for name, value in data.items() if name in _STRUCTURE}
        return redacted(data, words=words)

    hooks.erase_letters(event_sids=redact(subjects, cleaned=cleaned), subject_sids=subjects)


def _tasks(conversation: Conversation) -> Any:
    return Task.objects.filter(interaction__conversation=conversation).order_by("pk")


def _sids_of(conversation: Conversation) -> list[str]:
    """What events about the conversation are about."""
    messages = Message.objects.filter(conversation=conversation)
    of_messages = list(messages.values_list("sid", flat=True))
    files = Media.objects.filter(message__in=messages).values_list("sid", flat=True)
    lines = Consent.objects.filter(message__in=messages).values_list("sid", flat=True)
    interactions = Interaction.objects.filter(conversation=conversation)
    handed = HandOff.objects.filter(interaction__in=interactions).values_list("sid", flat=True)
    later = ScheduledMessage.objects.filter(conversation=conversation).values_list("sid", flat=True)
    return [
        conversation.sid,
        *later,
        *of_messages,
        *files,
        *lines,
        *interactions.values_list("sid", flat=True),
        *handed,
    ]


def _forget_pages(contacts: Collection[Contact]) -> None:
    """The admin's own list of who opened which page calls each page by its name."""
    kind = ContentType.objects.get_for_model(Contact)
    for row in contacts:
        LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).update(object_repr=row.sid)
