"""A company with a bot in front of its desk, and a program that calls."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import actions as accounts
from accounts.models import ApiKey
from conversations import actions as conversations
from conversations.models import Address, Conversation
from hooks import actions as hooks
from interactions.models import Intake
from kernel.actor import SYSTEM
from routing import actions as routing
from routing.models import TaskQueue, Workflow
from tests import people

EVERY_SCOPE = ("handoffs:write", "conversations:read", "conversations:write", "campaigns:write", "routing:read")


@dataclass
class Desk:
    """A company, its queue and its address."""

    home: people.House
    queue: TaskQueue
    workflow: Workflow
    address: Address

    def conversation(self, *, owner: str = "bot", customer: str = people.CUSTOMER) -> Conversation:
        """A conversation that the bot owns, if nothing else is said."""
        begun = conversations.start(self.address, channel="sms", customer=customer, name="Maria", actor=SYSTEM)
        return conversations.set_owner(begun, owner=owner, actor=SYSTEM)


@dataclass
class Program:
    """Calls the API with a key."""

    token: str
    key: ApiKey
    client: Client = field(default_factory=Client)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers())

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> Any:
        if key is not None:
            headers["Idempotency-Key"] = key
        raw = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.client.post(path, raw, content_type="application/json", headers=self.headers(**headers))

    def bring(self, path: str, name: str, content: bytes) -> Any:
        """The file as a form, to the conversation at that path."""
        given = {"file": SimpleUploadedFile(name, content)}
        return self.client.post(f"{path}/files", given, headers=self.headers())


def make_desk(name: str = "Acme", *, number: str = people.OURS) -> Desk:
    home = people.house(name)
    queue = routing.save_queue(
        TaskQueue(workspace=home.workspace), friendly_name="Support", target_workers="1==1", actor=SYSTEM
    )
    document = {"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}}
    workflow = routing.save_workflow(
        Workflow(workspace=home.workspace),
        friendly_name="Messages",
        configuration=json.dumps(document),
        task_reservation_timeout=30,
        actor=SYSTEM,
    )
    address = people.address(home, number)
    bot, _ = hooks.create_endpoint(
        account=home.account, friendly_name="Bot", url="https://bot.example.com/", actor=SYSTEM
    )
    Intake.objects.create(address=address, workflow=workflow, bot=bot)
    return Desk(home, queue, workflow, address)


def make_program(desk: Desk, *scopes: str) -> Program:
    key, token = accounts.create_api_key(
        account=desk.home.account, friendly_name="Demo bot", scopes=scopes or EVERY_SCOPE, actor=SYSTEM
    )
    return Program(token, key)


@pytest.fixture
def desk(db):
    return make_desk()


@pytest.fixture
def bot(desk):
    return make_program(desk)


@pytest.fixture
def stranger(db):
    """A program of another company."""
    return make_program(make_desk("Other", number="+15559990000"))
