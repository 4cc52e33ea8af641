"""The carrier signs the address that it calls: ours is told by the settings and by the raw bytes of the request."""

from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as configured

from carriers.twilio.signature import sign
from contactcenter.asgi import application
from contactcenter.tests.asgi import Exchange, body, http_scope
from conversations.inbox import inbox
from conversations.models import Message
from tests import people
from tests.people import CUSTOMER, OURS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "a" * 32, "t" * 32
    settings.TWILIO_AUTH_TOKENS = [settings.TWILIO_AUTH_TOKEN]
    settings.PUBLIC_URL = "https://cc.example.com:8443"


async def brought(path: str, raw: str, *, signed: str) -> int:
    """The status of a text at the raw path, with its signature over the signed URL."""
    form = {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": configured.TWILIO_ACCOUNT_SID,
        "From": CUSTOMER,
        "To": OURS,
        "Body": "hello",
    }
    raw_path, _, query = raw.partition("?")
    scope = http_scope(
        path,
        headers={
            "Host": "testserver",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(signed, form, token=configured.TWILIO_AUTH_TOKEN),
        },
        raw_path=raw_path.encode(),
        query_string=query.encode(),
    )
    exchange = Exchange(body(urlencode(form).encode()))
    await application(scope, exchange.receive, exchange.send)
    await sync_to_async(inbox.finish)()
    return exchange.status


@pytest.mark.parametrize(
    "raw",
    [
        "/webhooks/twilio/messages",
        "/webhooks/twilio/mess%61ges",
        "/webhooks/twilio/messages?shop=It%27s+%C3%A1&a=%2f",
        "/webhooks/twilio/messages?shop=It's",
    ],
)
@pytest.mark.parametrize("base", ["https://cc.example.com:8443", "https://cc.example.com"])
async def test_the_url_is_what_was_called_byte_for_byte(raw: str, base: str) -> None:
    await sync_to_async(lambda: people.address(people.full_house()))()

    assert await brought("/webhooks/twilio/messages", raw, signed=base + raw) == 200
    assert await Message.objects.acount() == 1


async def test_neither_host_nor_another_query_counts() -> None:
    await sync_to_async(lambda: people.address(people.full_house()))()
    path, ours = "/webhooks/twilio/messages", configured.PUBLIC_URL

    assert await brought(path, path, signed=f"https://testserver{path}") == 403
    assert await brought(path, path, signed=f"http://cc.example.com:8443{path}") == 403
    assert await brought(path, f"{path}?a=1", signed=f"{ours}{path}?a=2") == 403
    assert await brought(path, f"{path}?a=%31", signed=f"{ours}{path}?a=2") == 403
    assert not await Message.objects.aexists()
