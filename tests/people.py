"""The cast: Ada answers, Ben answers too, Bo supervises, Dee administers, Cy is a stranger from another company."""

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Account, User
from agents import actions as agents
from agents.models import Activity, Worker, Workspace
from agents.queries import actor_for
from carriers.base import InboundMedia, InboundMessage
from conversations import actions as conversations
from conversations.models import Address, Conversation, Message
from kernel import sids
from kernel.actor import CARRIER, SYSTEM, Actor

CUSTOMER = "+15550100001"
OURS = "+15550001000"


@dataclass
class House:
    """One company with its workspace and people."""

    account: Account
    workspace: Workspace
    users: dict[str, User] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return actor_for(self.users[name])

    def activity(self, name: str) -> Activity:
        return Activity.objects.get(workspace=self.workspace, friendly_name=name)


def house(name: str = "Acme") -> House:
    """A company without people."""
    account = Account.objects.create(friendly_name=name)
    return House(account, agents.create_workspace(account=account, friendly_name=name, actor=SYSTEM))


def person(home: House, name: str, *, role: str = "agent", skills: tuple[str, ...] = (), capacity: int = 3) -> User:
    """Somebody who can sign in; agents and supervisors are workers as well, offline at first."""
    user = User(account=home.account, username=name.lower(), role=role, first_name=name)
    user.is_staff = role != "agent"
    user.is_superuser = role == "admin"
    user.set_unusable_password()
    user.save()
    home.users[name] = user
    if role != "admin":
        home.workers[name] = agents.create_worker(
            home.workspace,
            friendly_name=name,
            attributes={"skills": list(skills)},
            user=user,
            capacity=capacity,
            actor=SYSTEM,
        )
    return user


def full_house() -> House:
    """Acme with Ada, Ben, Bo and Dee."""
    home = house()
    person(home, "Ada", skills=("support", "sales"))
    person(home, "Ben", skills=("support",))
    person(home, "Bo", role="supervisor")
    person(home, "Dee", role="admin")
    return home


def available(home: House, *names: str) -> None:
    """These people are ready for work."""
    for name in names:
        agents.set_activity(home.workers[name], activity=home.activity("Available"), actor=SYSTEM)


def address(home: House, text: str = OURS, *, channel: str = "sms") -> Address:
    """One of the company's addresses, which may send as fast as it likes."""
    return Address.objects.create(
        workspace=home.workspace, channel=channel, address=text, friendly_name="Front desk", messages_per_second=1000
    )


def inbound(body: str = "hello", *, media: int = 0, **changes: Any) -> InboundMessage:
    """What the provider brings when a customer writes."""
    given: dict[str, Any] = {
        "provider": "twilio",
        "provider_sid": sids.new("SM"),
        "account_sid": "AC" + "0" * 32,
        "channel": "sms",
        "from_address": CUSTOMER,
        "to_address": OURS,
        "body": body,
        "media": tuple(InboundMedia(f"https://api.twilio.com/{n}", "image/png") for n in range(media)),
        "profile_name": "Maria",
        "params": {"Body": body},
    }
    return InboundMessage(**(given | changes))


def said(body: str = "hello", **changes: Any) -> Message:
    """A customer's message, received."""
    return conversations.receive(inbound(body, **changes), actor=CARRIER)


def taking_part(home: House, name: str, conversation: Conversation) -> Actor:
    """That agent has joined the conversation."""
    conversations.join(conversation, worker=home.workers[name], actor=SYSTEM)
    return home.actor(name)
