"""A campaign from a messaging service, from the product's API to the provider's book and back, over HTTP."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from carriers.twilio.client import sdk_client
from tests.support.product import Product, wait_until

pytestmark = pytest.mark.timeout(150)

POOL = ("+15550001000", "+15550001001")
CUSTOMERS = [f"+1555010{n:04}" for n in range(30, 50)]
SOON = 40
_ADDRESSES = """
from carriers.twin.actions import ensure_numbers
from carriers.twin.models import TwinNumber
from conversations.actions import addresses, services
from conversations.models import Address
from agents.models import Workspace
from kernel.actor import SYSTEM
hook = TwinNumber.objects.get(address="+15550001000").sms_url
ensure_numbers(webhook_url=hook, numbers=(("+15550001001", ""),))
home = Workspace.objects.get()
added = addresses.create_address(home, channel="sms", address="+15550001001", friendly_name="Second", actor=SYSTEM)
addresses.set_sending(added, messages_per_second=1000, on_unknown="ask", actor=SYSTEM)
made = services.create_service(home, sid="{sid}", friendly_name="Reminders", actor=SYSTEM)
services.set_pool(made, addresses=Address.objects.filter(address__in=("+15550001000", "+15550001001")), actor=SYSTEM)
"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    product = Product()
    try:
        yield product.start()
    finally:
        product.stop()


@pytest.fixture(scope="module")
def service(product: Product) -> str:
    """The same pool at the provider and in the product; its sid."""
    told = product.manage(
        "shell", "-c", "from django.conf import settings as s; print(s.TWILIO_ACCOUNT_SID, s.TWILIO_AUTH_TOKEN)"
    )
    account, token = re.findall(r"AC[0-9a-f]{32} \S+", told)[-1].split()
    sdk = sdk_client(account, token, api_base=f"{product.url}/twin")
    made = sdk.messaging.v1.services.create(friendly_name="Reminders", use_inbound_webhook_on_number=True)
    product.manage("shell", "-c", _ADDRESSES.replace("{sid}", made.sid))
    known = {row.phone_number: row.sid for row in sdk.incoming_phone_numbers.list()}
    for address in POOL:
        made.phone_numbers.create(phone_number_sid=known[address])
    return str(made.sid)


def start(product: Product, service: str, customers: list[str]) -> dict[str, Any]:
    wanted = {"name": "R", "from": service, "body": "Hi", "rate": 100, "start": True}
    rows = [{"to": to} for to in customers]
    headers = {"Authorization": f"Bearer {product.logins()['key']}"}
    answer = requests.post(
        f"{product.url}/api/v1/campaigns", json={**wanted, "recipients": rows}, headers=headers, timeout=30
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def book(product: Product) -> list[tuple[str, str, str]]:
    """What the provider took: customer, sender, service."""
    columns = "to_address, from_address, messaging_service_sid"
    return product.rows(f"SELECT {columns} FROM twin_twinmessage WHERE direction = 'outbound-api' ORDER BY id")


def test_a_campaign_spreads_over_the_pool_and_stop_to_one_of_it_holds(product: Product, service: str) -> None:
    start(product, service, CUSTOMERS)
    wait_until(lambda: len(book(product)) == len(CUSTOMERS), seconds=SOON, what="the campaign at the provider")

    first = book(product)
    senders = {to: ours for to, ours, _ in first}
    assert sorted(senders) == CUSTOMERS
    assert {sid for *_, sid in first} == {service}
    assert min(Counter(senders.values())[ours] for ours in POOL) >= 4

    stopped = CUSTOMERS[0]
    other = next(ours for ours in POOL if ours != senders[stopped])
    _say(product, stopped, other, "STOP")
    withdrawn = "SELECT what FROM conversations_consent"
    wait_until(lambda: product.rows(withdrawn) == [("withdrawn",)], seconds=SOON, what="the customer's STOP")

    told = start(product, service, CUSTOMERS)
    assert [(row["to"], row["code"]) for row in told["rejected"]] == [(stopped, "opted-out")]
    twice = 2 * len(CUSTOMERS) - 1
    wait_until(lambda: len(book(product)) == twice, seconds=SOON, what="the second campaign at the provider")
    assert {to: ours for to, ours, _ in book(product)[len(CUSTOMERS) :]} == {
        to: ours for to, ours in senders.items() if to != stopped
    }


def _say(product: Product, customer: str, ours: str, body: str) -> None:
    session = requests.Session()
    session.get(f"{product.url}/phones/", timeout=10).raise_for_status()
    session.headers.update({"X-CSRFToken": session.cookies["csrf"], "Referer": product.url})
    for path, form in (
        ("customers", {"channel": "sms", "name": "Maria", "address": customer}),
        ("send", {"from": customer, "to": ours, "body": body}),
    ):
        session.post(f"{product.url}/phones/{path}", data=form, timeout=10).raise_for_status()
