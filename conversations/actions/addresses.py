"""Where customers reach us: addresses come, get another name, and go while nobody has written to them."""

import re
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import policy
from agents.actions.checks import named
from agents.models import Workspace
from conversations.actions import inbox
from conversations.core import pacing
from conversations.core.keywords import HELP, START, STOP, Words
from conversations.models import Address, Channel
from eventlog.record import record
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

# As Twilio writes them; web chat is ours.
SHAPES: Final = {
    Channel.SMS: (re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}"), "+15550001000"),
    Channel.RCS: (re.compile(r"rcs:[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"), "rcs:brand_agent"),
    Channel.WHATSAPP: (re.compile(r"whatsapp:\+[1-9][0-9]{6,14}"), "whatsapp:+15550001000"),
    Channel.MESSENGER: (re.compile(r"messenger:[0-9]{1,40}"), "messenger:100200300"),
    Channel.WEBCHAT: (re.compile(r"webchat:[a-z0-9][a-z0-9_-]{0,60}"), "webchat:shop"),
}
MAX_WORDS: Final = 200


def create_address(workspace: Workspace, *, channel: str, address: str, friendly_name: str, actor: Actor) -> Address:
    """We answer at this address from now on, also what came for it before.

    Raises Invalid with the field, Conflict when the address is taken, by whomever.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    text = _shaped(channel, address.strip())
    try:
        with transaction.atomic():
            row = Address.objects.create(
                workspace=workspace, channel=channel, address=text, friendly_name=named(friendly_name)
            )
            _note("address.created", row, actor=actor)
            inbox.take_up(text)
    except IntegrityError as error:
        raise Conflict("The address %(address)s is taken.", field="address", params={"address": text}) from error
    return row


def rename_address(address: Address, *, friendly_name: str, actor: Actor) -> Address:
    """What people call it. The address itself never changes: conversations hang on it."""
    policy.require(actor, "config:write", account_sid=address.workspace.account.sid)
    address.friendly_name = named(friendly_name)
    with transaction.atomic():
        address.save(update_fields=["friendly_name"])
        _note("address.updated", address, actor=actor)
    return address


def set_words(address: Address, *, words: Words, actor: Actor) -> Address:
    """The address's own words that stop, start and ask for help, besides the English ones. Raises Invalid."""
    policy.require(actor, "config:write", account_sid=address.workspace.account.sid)
    plain = {f"{name}_words": " ".join(getattr(words, name).upper().split()) for name in ("stop", "start", "help")}
    english = dict(zip(plain, (STOP, START, HELP), strict=True))
    for field, text in plain.items():
        others = {word for name in plain if name != field for word in (*plain[name].split(), *english[name])}
        twice = sorted(others & set(text.split()))
        if twice:
            raise Invalid("The word %(word)s has another meaning already.", field=field, params={"word": twice[0]})
        if len(text) > MAX_WORDS:
            raise Invalid("Write at most %(limit)d characters.", field=field, params={"limit": MAX_WORDS})
    if all(getattr(address, field) == text for field, text in plain.items()):
        return address
    for field, text in plain.items():
        setattr(address, field, text)
    with transaction.atomic():
        address.save(update_fields=list(plain))
        _note("address.updated", address, actor=actor)
    return address


def set_sending(address: Address, *, messages_per_second: float | None, on_unknown: str, actor: Actor) -> Address:
    """How fast the address sends (``None``: as its kind does), and what follows when a message's fate stays unknown.

    Messages that wait for their turn go at the new rate. Raises Invalid.
    """
    policy.require(actor, "config:write", account_sid=address.workspace.account.sid)
    if messages_per_second is not None and not pacing.SLOWEST <= messages_per_second <= pacing.FASTEST:
        raise Invalid(
            "Give a rate of %(slowest)g to %(fastest)g messages a second, or none.",
            field="messages_per_second",
            params={"slowest": pacing.SLOWEST, "fastest": pacing.FASTEST},
        )
    if on_unknown not in Address.OnUnknown.values:
        raise Invalid("There is no rule %(rule)s.", field="on_unknown", params={"rule": on_unknown})
    if (address.messages_per_second, address.on_unknown) == (messages_per_second, on_unknown):
        return address
    address.messages_per_second, address.on_unknown = messages_per_second, on_unknown
    # A bucket charged at a slower rate than the new one would keep the sender waiting.
    address.free_at = None
    with transaction.atomic():
        address.save(update_fields=["messages_per_second", "on_unknown", "free_at"])
        _note("address.updated", address, actor=actor)
    return address


def delete_address(address: Address, *, actor: Actor) -> None:
    """Raises Conflict once there is a conversation: what was said keeps its place."""
    policy.require(actor, "config:write", account_sid=address.workspace.account.sid)
    try:
        with transaction.atomic():
            _note("address.deleted", address, actor=actor)
            address.delete()
    except ProtectedError as error:
        raise Conflict("There are conversations at this address.") from error


def _shaped(channel: str, text: str) -> str:
    if channel not in SHAPES:
        raise Invalid("There is no channel %(channel)s.", field="channel", params={"channel": channel})
    shape, example = SHAPES[Channel(channel)]
    if shape.fullmatch(text) is None:
        raise Invalid("Write the address like %(example)s.", field="address", params={"example": example})
    return text


def _note(event: str, address: Address, *, actor: Actor) -> None:
    data: dict[str, Any] = {
        "sid": address.sid,
        "channel": address.channel,
        "address": address.address,
        "friendly_name": address.friendly_name,
        "stop_words": address.stop_words,
        "start_words": address.start_words,
        "help_words": address.help_words,
        "messages_per_second": address.rate,
        "on_unknown": address.on_unknown,
    }
    workspace = address.workspace
    record(
        event,
        subject_sid=address.sid,
        data=data,
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )
