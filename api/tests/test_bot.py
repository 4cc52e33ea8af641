"""The example bot, as it stands, between real webhooks and the real API."""

import importlib.util
import json
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from conversations import actions as conversations
from conversations.models import Conversation, Message
from hooks import actions as hooks
from hooks import signing, tasks, vault
from hooks.models import Dispatch
from interactions.actions import words_arrived
from interactions.models import HandOff, Intake
from kernel.actor import CARRIER, SYSTEM
from tests import people

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bot.py"


@pytest.fixture
def example(desk, bot, live_server, settings):
    """The bot, listening, as the address's bot; the product on `live_server`."""
    spec = importlib.util.spec_from_file_location("example_bot", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), module.Bot)
    module.url = f"http://127.0.0.1:{server.server_address[1]}/"
    endpoint = Intake.objects.get().bot
    hooks.update_endpoint(endpoint, url=module.url, actor=SYSTEM)
    module.URL, module.KEY, module.SECRET = live_server.url, bot.token, vault.unseal(endpoint.secret)
    module.Bot.log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield module
    server.shutdown()
    server.server_close()
    thread.join()


def customer_writes(desk, body):
    """The customer's words, and what follows from them up to the bot's answer."""
    if not Conversation.objects.exists():
        desk.conversation()
    message = conversations.receive(people.inbound(body), actor=CARRIER)
    conversation = Conversation.objects.get()
    words_arrived(conversation, event_sid=f"EV{message.sid[2:]}", payload={"body": body})
    tasks.deliver(Intake.objects.get().bot.sid, conversation.sid)
    return conversation


def test_the_bot_answers_and_hands_over(desk, example):
    customer_writes(desk, "what are your hours?")
    conversation = customer_writes(desk, "¡quiero un AGENTE ya")

    assert set(Dispatch.objects.values_list("status", flat=True)) == {"delivered"}
    said = list(Message.objects.order_by("index").values_list("author_kind", "body"))
    assert said[1] == ("bot", example.ANSWERS["hours"])
    assert len(said) == 3
    handed = HandOff.objects.get()
    conversation.refresh_from_db()
    assert handed.interaction.conversation == conversation
    assert conversation.owner == "queue"
    assert [line["author"] for line in conversation.attributes["handoff"]["transcript"]] == [
        "customer",
        "bot",
        "customer",
    ]


def test_a_repeated_webhook_is_answered_once(desk, example):
    customer_writes(desk, "hello")
    Dispatch.objects.update(status="pending", due_at=Dispatch.objects.get().created_at)

    tasks.deliver(Intake.objects.get().bot.sid, Conversation.objects.get().sid)

    assert Dispatch.objects.get().attempts == 2
    assert Message.objects.filter(author_kind="bot").count() == 1


def test_what_is_not_signed_or_old_is_refused(desk, example):
    body = json.dumps({"id": "EV1", "type": "message.added", "data": {}}).encode()
    now = int(time.time())

    def knock(secret, stamp, signed=body):
        signature = signing.sign(secret, message_id="EV1", timestamp=stamp, body=signed)
        headers = {"webhook-id": "EV1", "webhook-timestamp": str(stamp), "webhook-signature": signature}
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(example.url, data=body, headers=headers), timeout=5)
        return refused.value.code

    assert knock(signing.new_secret(), now) == 401
    assert knock(example.SECRET, now - 600) == 401
    assert knock(example.SECRET, now, signed=b"other") == 401
    assert not Message.objects.exists()
