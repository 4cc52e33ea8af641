"""Twilio's own SDK, unchanged but for the address, against the running product."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from tests.sdk import specification
from tests.support.product import ROOT, Product

# The class that the documentation gives to integrators.
_DOCUMENTED: dict[str, Any] = {}
exec(re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "taskrouter.md").read_text(), re.S)[0], _DOCUMENTED)


# What docs/compat.toml says of each operation: which tests ask for it.
_CLAIMS: dict[str, list[str]] = tomllib.loads((ROOT / "docs" / "compat.toml").read_text()).get("operations", {})
_asked: set[str] = set()


@pytest.fixture(autouse=True)
def _does_what_is_claimed(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that is named for an operation asks for it, and is answered."""
    _asked.clear()
    yield
    name = f"{request.node.path.relative_to(ROOT)}::{request.node.originalname}"
    claimed = {operation for operation, tests in _CLAIMS.items() if name in tests}
    # One case of several may do a part of what the test is named for.
    does = bool(claimed & _asked) or not claimed if hasattr(request.node, "callspec") else claimed <= _asked
    assert does, f"docs/compat.toml says that it asks for {claimed}; it asked for {_asked}"


class Checked(_DOCUMENTED["ContactCenter"]):
    """Every answer is held against Twilio's specification before the SDK sees it."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        answer = super().request(method, url, *args, **kwargs)
        specification.check(
            method,
            url,
            status=answer.status_code,
            text=answer.text,
            headers=answer.headers,
            base=self.base_url.removesuffix("/taskrouter"),
        )
        if answer.status_code < 400:
            _asked.add(specification.operation(method, urlsplit(url).path.removeprefix("/taskrouter")).name)
        return answer


@dataclass(frozen=True)
class Credentials:
    """``name`` is an account's sid or a key's."""

    account: str
    name: str
    secret: str

    def connect(self, url: str) -> Client:
        return Client(self.name, self.secret, self.account, http_client=Checked(url))


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    # Callbacks of the tests come back to this machine.
    product = Product(env={"EGRESS_ALLOW": "127.0.0.0/8"})
    try:
        yield product.start()
    finally:
        product.stop()


@pytest.fixture(scope="session")
def ours(product: Product) -> Credentials:
    logins = product.logins()
    return Credentials(logins["account"], logins["account"], logins["auth token"])


_MAKE = """
import json
from accounts.actions import create_api_key
from accounts.core import parse_token
from accounts.models import Account
from accounts.queries import auth_token
from kernel.actor import SYSTEM

home = Account.objects.get()
other = Account.objects.create(friendly_name="Other")
made = {"stranger": [other.sid, other.sid, auth_token(other)]}
for scope in ("read", "write"):
    _, token = create_api_key(account=home, friendly_name=scope, scopes=[f"taskrouter:{scope}"], actor=SYSTEM)
    made[scope] = [home.sid, *parse_token(token)]
print(json.dumps(made))
"""


@pytest.fixture(scope="session")
def others(product: Product, ours: Credentials) -> dict[str, Credentials]:
    """ "stranger": another account; "read" and "write": keys of ours with that scope."""
    made = json.loads(product.manage("shell", "--verbosity=0", "-c", _MAKE).splitlines()[-1])
    return {name: Credentials(*values) for name, values in made.items()}


@pytest.fixture(scope="session")
def client(product: Product, ours: Credentials) -> Client:
    return ours.connect(product.url)


@pytest.fixture(scope="session")
def stranger(product: Product, others: dict[str, Credentials]) -> Client:
    """Somebody of another account."""
    return others["stranger"].connect(product.url)


@pytest.fixture
def workspace(client: Client) -> Any:
    """A fresh workspace of ours."""
    made = client.taskrouter.v1.workspaces.create(friendly_name="Acme")
    return client.taskrouter.v1.workspaces(made.sid)


@dataclass
class Refusal:
    """What the SDK raised."""

    status: int = 0
    code: int = 0
    message: str = ""


class refused:  # noqa: N801 - reads as a statement
    """``with refused(400, 20001) as refusal``: the SDK raises with exactly these."""

    def __init__(self, status: int, code: int) -> None:
        self.wanted = (status, code)
        self.refusal = Refusal()

    def __enter__(self) -> Refusal:
        return self.refusal

    def __exit__(self, _kind: Any, error: Any, _trace: Any) -> bool:
        assert isinstance(error, TwilioException), f"not refused, but {error!r}"
        if isinstance(error, TwilioRestException):
            told = {"status": error.status, "code": error.code, "message": error.msg}
        else:  # Of a list that was refused it only keeps the answer.
            told = json.loads(error.args[1].text)
        self.refusal.status, self.refusal.code, self.refusal.message = told["status"], told["code"], told["message"]
        assert (self.refusal.status, self.refusal.code) == self.wanted, self.refusal.message
        return True


class Conditional:
    """Requests with ``If-Match``, which the SDK offers for a few resources only."""

    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.url = url

    def etag(self) -> str:
        return self.client.request("GET", self.url).headers["ETag"]

    def update(self, seen: str, **data: str) -> int:
        return self.client.request("POST", self.url, data=data, headers={"If-Match": seen}).status_code

    def delete(self, seen: str) -> int:
        return self.client.request("DELETE", self.url, headers={"If-Match": seen}).status_code
