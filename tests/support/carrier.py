"""A provider that outlives the product: takes messages over Twilio's REST, sends signed webhooks and receipts.

The product's own twin lives in its web process; when that is killed at random points, somebody else must remember what
reached the provider and what was acknowledged.
"""

import base64
import json
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import requests
from twilio.request_validator import RequestValidator


class Provider:
    """Twilio's side of the wire. ``taken`` maps a body to the sids under which it was accepted."""

    def __init__(self) -> None:
        self.account_sid = "AC" + secrets.token_hex(16)
        self.token = secrets.token_hex(16)
        self.taken: dict[str, list[str]] = defaultdict(list)
        self.order: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self._signer = RequestValidator(self.token)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def environment(self) -> dict[str, str]:
        """What the product needs to take this provider for Twilio."""
        return {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_API_BASE": self.url,
            "TWIN_ENABLED": "0",
        }

    def close(self) -> None:
        self._stopped.set()
        self._server.shutdown()

    def sign(self, url: str, params: Mapping[str, str]) -> str:
        """The signature of a form to that address."""
        return str(self._signer.compute_signature(url, params))

    def post(self, url: str, params: dict[str, str], *, timeout: float = 15) -> int:
        """One signed webhook; the status, or 0 when nobody answered."""
        signature = self.sign(url, params)
        try:
            return requests.post(
                url, data=params, headers={"X-Twilio-Signature": signature}, timeout=timeout
            ).status_code
        except requests.RequestException:
            return 0

    def bring(self, url: str, params: dict[str, str], *, seconds: float = 60) -> bool:
        """Deliver a customer's message as the provider does: again and again until it is acknowledged."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stopped.is_set():
            if self.post(f"{url}/webhooks/twilio/messages", params) == 200:
                return True
            self._stopped.wait(0.1)
        return False

    def message(self, *, sender: str, to: str, body: str) -> dict[str, str]:
        """The form of one inbound text."""
        sid = "SM" + secrets.token_hex(16)
        return {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self.account_sid,
            "From": sender,
            "To": to,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }

    def _accept(self, form: dict[str, str]) -> dict[str, Any]:
        sid = "SM" + secrets.token_hex(16)
        with self._lock:
            self.taken[form["Body"]].append(sid)
            self.order[form["To"]].append(form["Body"])
        if form.get("StatusCallback"):
            thread = threading.Thread(target=self._receipts, args=(sid, form), daemon=True)
            thread.start()
        return {
            "sid": sid,
            "account_sid": self.account_sid,
            "status": "queued",
            "to": form["To"],
            "from": form.get("From"),
            "body": form["Body"],
            "num_media": "0",
            "num_segments": "1",
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}.json",
            "subresource_uris": {},
            "date_created": "Sat, 21 Nov 2026 10:00:00 +0000",
            "date_updated": "Sat, 21 Nov 2026 10:00:00 +0000",
            "date_sent": None,
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "messaging_service_sid": None,
        }

    def _receipts(self, sid: str, form: dict[str, str]) -> None:
        for status in ("sent", "delivered"):
            params = {
                "MessageSid": sid,
                "SmsSid": sid,
                "AccountSid": self.account_sid,
                "MessageStatus": status,
                "SmsStatus": status,
                "From": form.get("From", ""),
                "To": form["To"],
                "ApiVersion": "2010-04-01",
            }
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not self._stopped.is_set():
                if self.post(form["StatusCallback"], params) in (200, 204, 404):
                    break
                self._stopped.wait(0.2)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                given = base64.b64decode(self.headers.get("Authorization", "Basic ").split(" ", 1)[1]).decode()
                if given != f"{provider.account_sid}:{provider.token}":
                    self._answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
                    return
                form = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
                self._answer(201, provider._accept(form))

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
