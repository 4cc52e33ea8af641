"""A caller with the account's own credentials, and one of another account."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from accounts.queries import auth_token
from agents.models import Workspace
from kernel.actor import SYSTEM
from routing import actions

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Caller:
    """Somebody with credentials, and a workspace of his own."""

    name: str
    secret: str
    workspace: Workspace

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.name}:{self.secret}".encode()).decode()}

    def ask(self, method: str, path: str, body: str = "", *, under: str = "/taskrouter/v1/", **more: Any) -> Any:
        headers = {**self.headers, **more.pop("headers", {})}
        more.setdefault("content_type", FORM)
        return Client().generic(method, f"{under}{path}", body, headers=headers, **more)


def make_caller(name: str) -> Caller:
    account = Account.objects.create(friendly_name=name)
    workspace = actions.create_workspace(account=account, friendly_name=name, template="FIFO", actor=SYSTEM)
    return Caller(account.sid, auth_token(account), workspace)


@pytest.fixture
def caller(db: Any) -> Caller:
    return make_caller("Acme")


@pytest.fixture
def stranger(db: Any) -> Caller:
    return make_caller("Other")


def refusal(answer: Any, status: int, code: int) -> str:
    """The message of a refusal of exactly this kind."""
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), told
    assert set(told) == {"code", "message", "more_info", "status"}
    return str(told["message"])
