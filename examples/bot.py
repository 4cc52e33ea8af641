#!/usr/bin/env python3
"""A small bot, with nothing but Python: it greets, answers a question or two, and hands over to people.

1. In the admin, make a webhook endpoint with the URL http://127.0.0.1:9000/, and keep its secret, which is shown once.
   The demo's API key will do; another needs the scopes handoffs:write and conversations:write.
2. In the admin, choose that endpoint as the bot of an address's intake.
3. BOT_KEY=cc_SK… BOT_SECRET=whsec_… python3 examples/bot.py
4. Write to the address, then write "agent" or "agente".

BOT_URL is where the contact centre runs (http://127.0.0.1:8000), BOT_PORT where the bot listens (9000).
"""
# ruff: noqa: S310, T201

import base64
import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("BOT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("BOT_KEY", "")
SECRET = os.environ.get("BOT_SECRET", "")
LIMIT = 1024 * 1024
ANSWERS = {
    "hours": "We are here from 9 to 18. Write “agent” to talk to a person.",
    "horario": "Estamos de 9 a 18. Escribe «agente» para hablar con una persona.",
}
GREETING = (
    "Hello! I am a bot. Ask for our “hours”, or write “agent”. · ¡Hola! Pregunta por el «horario», o escribe «agente»."
)


def verified(headers, body):
    """Whether our contact centre signed this, less than five minutes ago: https://www.standardwebhooks.com"""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > 300:
        return False
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    digest = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


def call(path, body=None, **headers):
    """One call of the API; its answer. A body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **headers}
    with urlopen(Request(URL + path, data=data, headers=given), timeout=8) as answer:
        return json.load(answer)


def answer(event):
    """Reply to the customer, or hand over. The event's id makes a repeat of the webhook harmless."""
    conversation = event["data"]["conversation_sid"]
    messages = f"/api/v1/conversations/{conversation}/messages"
    words = re.findall(r"\w+", event["data"]["message"]["body"].lower())
    if "agent" in words or "agente" in words:
        said = [line for line in call(f"{messages}?limit=50")["messages"] if line["body"]]
        transcript = [{"author": line["author"]["kind"], "body": line["body"]} for line in said]
        request = {"conversation": conversation, "summary": "Asked for a person.", "transcript": transcript}
        call("/api/v1/handoffs", request, **{"Idempotency-Key": event["id"]})
    else:
        reply = next((ANSWERS[word] for word in words if word in ANSWERS), GREETING)
        call(messages, {"body": reply, "ref": event["id"]})


class Bot(BaseHTTPRequestHandler):
    """Takes webhooks: 204 when done, 401 for what is not signed, 502 to be asked again later."""

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(length, LIMIT))
        self.send_response(self.status(body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def status(self, body):
        if not verified(self.headers, body):
            return 401
        event = json.loads(body)
        try:
            if event["type"] == "message.added":
                answer(event)
        except HTTPError as error:
            print(error.code, error.read().decode(), flush=True)
            return 204 if error.code == 409 else 502  # 409: people have the conversation by now.
        except OSError as error:
            print(error, flush=True)
            return 502
        return 204


if __name__ == "__main__":
    if not KEY or not SECRET:
        raise SystemExit("Set BOT_KEY and BOT_SECRET; the beginning of this file tells where they come from.")
    port = int(os.environ.get("BOT_PORT", "9000"))
    print(f"The bot listens on http://127.0.0.1:{port}/", flush=True)
    ThreadingHTTPServer(("127.0.0.1", port), Bot).serve_forever()
