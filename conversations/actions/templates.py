"""Sending a template: its values are checked here, so that the provider has no reason to refuse them."""

from collections.abc import Mapping

from conversations.actions.outbound import Author, Saying
from conversations.actions.speech import speak
from conversations.core import limits, templates
from conversations.models import Conversation, Message
from conversations.payloads import button_payload
from conversations.queries import templates as template_queries
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid


def post_template(
    conversation: Conversation,
    *,
    actor: Actor,
    content_sid: str,
    variables: Mapping[str, str],
    ref: str,
    author_kind: str = "agent",
    author_name: str | None = None,
) -> Message:
    """The template with these values is queued as words are (`post`); the message keeps what the customer will read.

    On WhatsApp it must be approved, and then the window need not be open. Raises ``Invalid`` at the value that is
    missing, ``NotFound``, and ``Conflict`` when the channel cannot carry it.
    """
    saying = saying_of_template(content_sid, channel=conversation.channel, variables=variables)
    author = Author.of(actor, kind=author_kind, name=author_name)
    return speak(conversation, saying=saying, ref=ref, author=author, actor=actor)


def saying_of_template(content_sid: str, *, channel: str, variables: Mapping[str, str]) -> Saying:
    """What the template reads like on this channel. Raises as `post_template` does."""
    template = template_queries.template(content_sid)
    blank = templates.shape(template.types, channel=channel)
    if blank is None or channel not in templates.CHANNELS:
        raise Conflict("This template has no form for this channel.", code="template-unfit", field="content_sid")
    values = _checked(templates.placeholders(blank), variables)
    shown = templates.render(blank, values)
    if len(shown.body) > limits.BODY_LIMIT:
        raise Invalid(
            "With these values the text has more than %(limit)d characters. Shorten one.",
            field="content_variables",
            params={"limit": limits.BODY_LIMIT},
        )
    content = {
        "name": template.name,
        "variables": values,
        "footer": shown.footer,
        "buttons": [button_payload(button) for button in shown.buttons],
        "media": list(shown.media),
    }
    return Saying(shown.body, content_sid=template.sid, content=content)


def _checked(names: tuple[str, ...], given: Mapping[str, str]) -> dict[str, str]:
    """A value for each placeholder, and none besides. WhatsApp takes no line break in one."""
    strange = sorted(set(given) - set(names))
    if strange:
        raise Invalid(
            "The template has no variable %(name)s.",
            field=f"content_variables.{strange[0][:64]}",
            params={"name": strange[0][:64]},
        )
    values = {name: " ".join(given.get(name, "").split()) for name in names}
    for name, value in values.items():
        if not value or len(value) > templates.MAX_VALUE:
            raise Invalid(
                "Give the variable %(name)s a text of 1 to %(limit)d characters.",
                field=f"content_variables.{name}",
                params={"name": name, "limit": templates.MAX_VALUE},
            )
    return values
