"""How a difference is shown: fields and kinds in words, and what changed inside of a text."""

from collections.abc import Mapping
from typing import Final

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from routing.core.trace import Clause
from routing.explaining import wording
from routing.models import Task
from routing.preview.differences import Change

register = template.Library()

KINDS: Final[Mapping[str, Promise]] = {
    "same": _("unchanged"),
    "changed": pgettext_lazy("difference", "changed"),
    "added": _("new"),
    "removed": _("removed"),
}
FIELDS: Final[Mapping[str, Promise]] = {
    "name": _("Name"),
    "expression": _("Only if"),
    "queue": _("Queue"),
    "priority": _("Priority"),
    "timeout": _("Moves on after (s)"),
    "order_by": _("In the order of"),
    "skip_if": _("Skip if"),
    "known_worker_sid": _("Known worker, by sid"),
    "known_worker_friendly_name": _("Known worker, by name"),
}


@register.simple_tag
def kind_word(kind: str) -> str | Promise:
    """What became of a filter or target."""
    return KINDS[kind]


@register.simple_tag
def field_word(field: str) -> str | Promise:
    """What the form calls a key of the document."""
    return FIELDS.get(field, field)


@register.simple_tag
def pieces(change: Change, side: str, queues: Mapping[str, str]) -> SafeString:
    """One side of a change, with marks where the other side has something else. Queues have their names."""
    text = change.before if side == "before" else change.after
    if change.field == "queue":
        return format_html("<mark>{}</mark>", queues.get(text, text))
    parts = change.pieces_before if side == "before" else change.pieces_after
    marked = ((format_html("<mark>{}</mark>", part.text) if part.changed else part.text,) for part in parts)
    return format_html("<code>{}</code>", format_html_join("", "{}", marked))


@register.filter
def lookup(words: Mapping[str, str], key: str) -> str:
    """The word for a key."""
    return words[key]


@register.simple_tag
def task_name(task: Task) -> str:
    """Whom a task is about, or its sid."""
    attributes = task.attributes if isinstance(task.attributes, dict) else {}
    return str(attributes.get("name") or attributes.get("from") or task.sid)


@register.simple_tag
def clause_words(clause: Clause) -> str:
    """A comparison that decided, with what was found."""
    return wording.clause(clause)


@register.simple_tag
def hint_words(clause: Clause) -> str | Promise:
    """The likely mistake in it, or nothing."""
    return wording.HINTS[clause.hint] if clause.hint else ""
