"""Which templates there are, and which of them an agent may send in a conversation, the likeliest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from django.conf import settings
from django.db.models import Case, IntegerField, QuerySet, Value, When

from conversations.core import templates
from conversations.models import Conversation, Message, Template, TemplateReading
from conversations.payloads import ButtonPayload, button_payload
from kernel import sids
from kernel.errors import NotFound

PAGE = 50
_HEARD = 5


class TemplatePayload(TypedDict):
    """A template as it goes out on one channel; ``variables`` are the names in their order, ``samples`` examples."""

    sid: str
    name: str
    language: str
    category: str
    body: str
    footer: str
    buttons: list[ButtonPayload]
    media: list[str]
    variables: list[str]
    samples: dict[str, str]


class TemplatePage(TypedDict):
    """Up to a page of what was looked for; ``language`` is the one that the customer seems to speak."""

    templates: list[TemplatePayload]
    has_more: bool
    language: str


def ours() -> QuerySet[Template]:
    """Those of the provider's account that this installation sends through."""
    return Template.objects.filter(account_sid=settings.TWILIO_ACCOUNT_SID)


def template(sid: str) -> Template:
    """The template of that sid; raises ``NotFound``."""
    found = ours().filter(sid=sid).first() if sids.is_sid(sid, "HX") else None
    if found is None:
        raise NotFound("There is no template %(sid)s.", field="content_sid", params={"sid": sid[:64]})
    return found


def template_state(content_sid: str) -> str | None:
    """How the channel stands to the template, empty when it is gone; ``None`` when there is none."""
    if not content_sid:
        return None
    return Template.objects.filter(sid=content_sid).values_list("state", flat=True).first() or ""


def reading(account_sid: str) -> TemplateReading | None:
    """When and how the list was read last; ``None`` before the first time."""
    return TemplateReading.objects.filter(account_sid=account_sid).first()


def is_reading_due(account_sid: str, *, now: datetime) -> bool:
    """Whether somebody should read the list now."""
    rows = TemplateReading.objects.filter(account_sid=account_sid, due_at__lte=now)
    return rows.exclude(lease_until__gt=now).exists()


def sendable(conversation: Conversation, *, search: str, language: str) -> TemplatePage:
    """What may be sent in this conversation and has all words of ``search``: the customer's language first, then
    ``language``, the reader's own.
    """
    spoken = language_of(conversation, otherwise=language)
    if conversation.channel not in templates.CHANNELS:
        return {"templates": [], "has_more": False, "language": spoken}
    rows = _allowed(conversation.channel)
    for word in search.lower().split()[:10]:
        rows = rows.filter(words__contains=word)
    order = Case(
        When(language__startswith=spoken, then=Value(0)),
        When(language__startswith=language, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    shown = _shown(rows.order_by(order, "name", "language", "pk").iterator(), channel=conversation.channel)
    return {"templates": shown[:PAGE], "has_more": len(shown) > PAGE, "language": spoken}


def language_of(conversation: Conversation, *, otherwise: str) -> str:
    """What the customer speaks: as a bot or the customer's page told us, or by their newest words."""
    told = conversation.attributes.get("language")
    if isinstance(told, str) and 2 <= len(told) <= 16:
        return told[:2].lower()
    said = Message.objects.filter(conversation__identity=conversation.identity_id, direction="inbound")
    newest = list(said.order_by("-pk").values_list("body", flat=True)[:_HEARD])
    return templates.language_of(newest, otherwise=otherwise)


def _allowed(channel: str) -> QuerySet[Template]:
    return ours().filter(state=Template.State.APPROVED) if channel in templates.APPROVES else ours()


def _shown(rows: Iterable[Template], *, channel: str) -> list[TemplatePayload]:
    """A page and one more of those that have a form for the channel."""
    found: list[TemplatePayload] = []
    for row in rows:
        shape = templates.shape(row.types, channel=channel)
        if shape is not None:
            found.append(_payload(row, shape))
        if len(found) > PAGE:
            break
    return found


def _payload(row: Template, shape: templates.Shape) -> TemplatePayload:
    names = list(templates.placeholders(shape))
    return {
        "sid": row.sid,
        "name": row.name,
        "language": row.language,
        "category": row.category,
        "body": shape.body,
        "footer": shape.footer,
        "buttons": [button_payload(button) for button in shape.buttons],
        "media": list(shape.media),
        "variables": names,
        "samples": {name: row.samples[name] for name in names if name in row.samples},
    }
