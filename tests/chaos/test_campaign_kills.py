"""kill -9 of the pumps while a campaign goes out: every customer gets it once, and it comes to its end."""

from collections.abc import Iterator

import pytest
import requests

from tests.support.product import Product, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

CUSTOMERS = 90
KILLS = 4
TAKEN = "SELECT COUNT(*) FROM campaigns_recipient WHERE state <> 'pending'"


@pytest.fixture
def product() -> Iterator[Product]:
    product = Product()
    try:
        yield product.start()
    finally:
        product.stop()


def kill_the_senders(product: Product) -> None:
    """All of them at once, and then new ones."""
    roles = [role for role in product.roles if role.startswith(("serve", "pump"))]
    for role in roles:
        product.kill(role)
    for role in roles:
        product.start_role(role)
    product.wait_ready()


def test_nobody_is_left_out_and_nobody_gets_it_twice(product: Product) -> None:
    headers = {"Authorization": f"Bearer {product.logins()['key']}"}
    wanted = {
        "name": "Reminders",
        "from": "+15550001000",
        "body": "Hello {{name}}",
        "rate": 10,
        "start": True,
        "recipients": [
            {"to": f"+1555019{number:04d}", "variables": {"name": f"N{number}"}} for number in range(CUSTOMERS)
        ],
    }
    made = requests.post(f"{product.url}/api/v1/campaigns", json=wanted, headers=headers, timeout=30)
    assert made.status_code == 201, made.text

    for step in range(1, KILLS + 1):
        goal = step * CUSTOMERS // (KILLS + 2)
        wait_until(lambda goal=goal: product.rows(TAKEN)[0][0] >= goal, seconds=60, what=f"{goal} rows")
        kill_the_senders(product)
    ended = "SELECT state FROM campaigns_campaign"
    wait_until(lambda: product.rows(ended) == [("finished",)], seconds=90, what="the end of the campaign")

    assert product.rows("SELECT state, COUNT(*) FROM campaigns_recipient GROUP BY state") == [("taken", CUSTOMERS)]
    said = product.rows("SELECT body FROM conversations_message WHERE author_kind = 'campaign'")
    assert sorted(said) == sorted((f"Hello N{number}",) for number in range(CUSTOMERS))
    # What the provider got: none twice; one whose sender died in that very moment is visibly unknown, never resent.
    wait_until(
        lambda: (
            product.rows("SELECT COUNT(*) FROM conversations_message WHERE status IN ('queued', 'sending')") == [(0,)]
        ),
        seconds=60,
        what="the last message",
    )
    at_provider = product.rows("SELECT to_address, COUNT(*) FROM twin_twinmessage GROUP BY to_address")
    assert {count for _, count in at_provider} == {1}
    unknown = product.rows("SELECT COUNT(*) FROM conversations_message WHERE status = 'unknown'")[0][0]
    assert CUSTOMERS - unknown <= len(at_provider) <= CUSTOMERS
