"""The simulated provider as a product of its own, which nobody kills: its book is what the other is judged by."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from tests.support.books import Accepted, Inbound
from tests.support.product import Product

OURS = "+15550001000"


class TwinSite:
    """Phones, REST and callbacks of the twin in one process."""

    def __init__(self, *, env: Mapping[str, str] | None = None) -> None:
        self.account_sid = "AC" + secrets.token_hex(16)
        self.token = secrets.token_hex(16)
        credentials = {"TWILIO_ACCOUNT_SID": self.account_sid, "TWILIO_AUTH_TOKEN": self.token}
        own = {"TWIN_ENABLED": "1", "TWIN_OPEN": "1", "RECONCILE_SECONDS": "86400"}
        self.site = Product(env={**credentials, **own, **(env or {})}, embedded=True)
        self._session = requests.Session()

    @property
    def port(self) -> int:
        return self.site.port

    def environment(self, *, port: int) -> dict[str, str]:
        """What another product needs to take this one for Twilio, reached at ``port``."""
        return {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_API_BASE": f"http://127.0.0.1:{port}/twin",
            "TWIN_ENABLED": "0",
        }

    def start(self) -> None:
        self.site.start()
        self._session.get(f"{self.site.url}/phones/", timeout=10).raise_for_status()

    def stop(self) -> None:
        self.site.stop()

    def call(self, url: str, *, fallback: str) -> None:
        """What is written to our number is told to this webhook."""
        numbers = f"{self.site.url}/twin/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers"
        own = (self.account_sid, self.token)
        [row] = requests.get(f"{numbers}.json", params={"PhoneNumber": OURS}, auth=own, timeout=10).json()[
            "incoming_phone_numbers"
        ]
        form = {"SmsUrl": url, "SmsFallbackUrl": fallback}
        requests.post(f"{numbers}/{row['sid']}.json", data=form, auth=own, timeout=10).raise_for_status()

    def numbers(self, addresses: Iterable[str]) -> None:
        """The account has these as well; nobody is told of what is written to them."""
        rows = tuple((address, "") for address in addresses)
        words = f"from carriers.twin.actions import ensure_numbers as made; made(webhook_url='', numbers={rows!r})"
        self.site.manage("shell", "-c", words)

    def customers(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self._post("/phones/customers", {"channel": "sms", "name": f"Customer {address}", "address": address})

    def write(self, customer: str, body: str) -> None:
        """The customer presses *send*."""
        self._post("/phones/send", {"from": customer, "to": OURS, "body": body})

    def faults(self, **wanted: int) -> None:
        own = (self.account_sid, self.token)
        requests.post(f"{self.site.url}/twin/faults", json=wanted, auth=own, timeout=10).raise_for_status()

    def inbound(self) -> list[Inbound]:
        rows = self._rows("direction = 'inbound'", "sid, from_address, created_at")
        return [Inbound(sid, customer, _seconds(at)) for sid, customer, at in rows]

    def accepted(self) -> list[Accepted]:
        rows = self._rows("direction = 'outbound-api'", "sid, to_address, body, created_at")
        return [Accepted(sid, customer, body, _seconds(at)) for sid, customer, body, at in rows]

    def _rows(self, which: str, columns: str) -> list[tuple[Any, ...]]:
        return self.site.rows(f"SELECT {columns} FROM twin_twinmessage WHERE {which} ORDER BY id")

    def _post(self, path: str, form: dict[str, str]) -> None:
        token = self._session.cookies.get("csrf", "")
        answer = self._session.post(f"{self.site.url}{path}", data=form, headers={"X-CSRFToken": token}, timeout=30)
        answer.raise_for_status()


def _seconds(text: Any) -> float:
    """SQLite's moments are texts, in UTC."""
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
