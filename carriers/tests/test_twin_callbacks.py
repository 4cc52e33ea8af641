"""Webhooks and status callbacks: signed, in order, and not lost."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio.inbound import parse_message, parse_status
from carriers.twilio.signature import verify
from carriers.twin import actions, delivery, outbox, tasks, timers
from carriers.twin.actions import Picture
from carriers.twin.models import TwinCallback, TwinMessage, TwinNumber
from carriers.twin.outbox import Outcome
from carriers.twin.rules import UNREACHABLE, Wanted
from kernel import clock, sids

pytestmark = pytest.mark.django_db(transaction=True)

OURS, THEIRS = "+15550001000", "+15550100001"
WHATSAPP_OURS, WHATSAPP_THEIRS = "whatsapp:+15550002000", "whatsapp:+15550100002"


def reply(listener, **changes):
    given = {
        "to": THEIRS,
        "from_": OURS,
        "body": "Hello",
        "media_urls": (),
        "status_callback": f"{listener.url}/status/IM1/1",
    }
    return actions.accept_outbound(Wanted(**(given | changes)))


def statuses(listener):
    return [call.params["MessageStatus"] for call in listener.calls]


def test_a_text_becomes_a_signed_webhook_that_we_can_read(listener, numbers, maria, play):
    message = actions.text_in(maria, to=OURS, body="¿Hola? & <b>+ 📦")
    play()

    (call,) = listener.calls
    url = f"{listener.url}/webhooks/twilio/messages"
    assert (call.method, call.path) == ("POST", "/webhooks/twilio/messages")
    assert call.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert verify(url=url, params=call.params, headers=call.headers) is True
    parsed = parse_message(call.params)
    assert (parsed.provider_sid, parsed.channel, parsed.body) == (message.sid, "sms", "¿Hola? & <b>+ 📦")
    assert (parsed.from_address, parsed.to_address, parsed.account_sid) == (THEIRS, OURS, ACCOUNT)
    expected = {"SmsSid": message.sid, "SmsMessageSid": message.sid, "NumMedia": "0", "SmsStatus": "received"}
    assert expected.items() <= call.params.items()
    assert "ProfileName" not in call.params


def test_whatsapp_brings_the_profile(listener, numbers, daniel, play):
    actions.text_in(daniel, to=WHATSAPP_OURS, body="Hi")
    play()

    params = listener.calls[0].params
    assert (params["ProfileName"], params["WaId"]) == ("Daniel Okafor", "15550100002")
    assert parse_message(params).profile_name == "Daniel Okafor"


def test_rcs_goes_between_a_number_and_an_agent(listener, numbers, lucia, play):
    actions.text_in(lucia, to=numbers["rcs"].address, body="hello")
    play()

    params = listener.calls[0].params
    assert (params["From"], params["To"]) == ("rcs:+15550100004", "rcs:front_desk_agent")
    assert not {"ProfileName", "WaId"} & set(params)
    assert parse_message(params).channel == "rcs"


def test_a_picture_is_announced(listener, numbers, maria, play):
    actions.text_in(maria, to=OURS, body="look", picture=Picture("image/png", b"png"))
    play()

    parsed = parse_message(listener.calls[0].params)
    assert parsed.provider_sid.startswith("MM")
    (media,) = parsed.media
    assert media.content_type == "image/png"
    assert f"/twin/2010-04-01/Accounts/{ACCOUNT}/Messages/{parsed.provider_sid}/Media/ME" in media.url


def test_a_get_webhook_is_signed_with_its_query(listener, numbers, maria, play):
    numbers["sms"].sms_method = "GET"
    numbers["sms"].save()
    actions.text_in(maria, to=OURS, body="a b")
    play()

    (call,) = listener.calls
    assert call.method == "GET"
    assert verify(url=listener.url + call.path, params={}, headers=call.headers) is True
    assert "Body=a+b" in call.path


def test_the_doorbell_rings_only_after_the_commit(listener, numbers, maria, bell):
    with transaction.atomic():
        actions.text_in(maria, to=OURS, body="x")
        assert bell == []
    assert len(bell) == 1

    with transaction.atomic():
        actions.text_in(maria, to=OURS, body="y")
        transaction.set_rollback(True)
    assert len(bell) == 1


def test_a_reply_is_sent_then_delivered_and_the_first_status_is_not_told(listener, numbers, play):
    message = reply(listener)
    assert message.status == "queued"
    play()
    message.refresh_from_db()
    assert message.status == "sent"
    play(1)

    message.refresh_from_db()
    assert message.status == "delivered"
    assert statuses(listener) == ["sent", "delivered"]
    for call in listener.calls:
        assert verify(url=f"{listener.url}/status/IM1/1", params=call.params, headers=call.headers) is True
        assert parse_status(call.params).provider_sid == message.sid


def test_delivered_is_not_told_early(listener, numbers, play):
    reply(listener)
    play()
    play()

    assert statuses(listener) == ["sent"]


def test_a_reply_without_a_callback_is_delivered_all_the_same(listener, numbers, play):
    message = reply(listener, status_callback="")
    play()
    play(1)

    message.refresh_from_db()
    assert message.status == "delivered"
    assert listener.calls == []


def test_the_unreachable_number_ends_undelivered(listener, numbers, play):
    message = reply(listener, to=UNREACHABLE)
    play()
    play(1)

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("undelivered", 30003)
    assert statuses(listener) == ["sent", "undelivered"]
    assert parse_status(listener.calls[1].params).error_code == "30003"


def wrote(theirs: str, ours: str, **ago: float) -> None:
    """The customer's last words, so long ago."""
    TwinMessage.objects.create(
        sid=sids.new("SM"),
        direction="inbound",
        from_address=theirs,
        to_address=ours,
        status="received",
        created_at=clock.now() - timedelta(**ago),
    )


@pytest.mark.parametrize("pair", [(WHATSAPP_THEIRS, WHATSAPP_OURS), ("messenger:2890110000003", "messenger:100200300")])
@pytest.mark.parametrize("minutes", [24 * 60, None])
def test_free_text_outside_the_window_is_taken_and_not_delivered(listener, numbers, play, pair, minutes):
    theirs, ours = pair
    if minutes:
        wrote(theirs, ours, minutes=minutes)
    message = reply(listener, to=theirs, from_=ours)
    play()
    play(1)

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("undelivered", 63016)
    assert statuses(listener) == ["undelivered"]
    assert parse_status(listener.calls[0].params).error_code == "63016"


def test_the_window_is_open_for_24_hours(listener, numbers, play):
    wrote(WHATSAPP_THEIRS, WHATSAPP_OURS, hours=23, minutes=59)
    message = reply(listener, to=WHATSAPP_THEIRS, from_=WHATSAPP_OURS)
    play()
    play(1)

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("delivered", None)


def test_whatsapp_tells_read_once_and_only_after_delivery(listener, numbers, daniel, play):
    wrote(WHATSAPP_THEIRS, WHATSAPP_OURS, hours=1)
    message = reply(listener, to=WHATSAPP_THEIRS, from_=WHATSAPP_OURS)
    assert actions.read_by_customer(daniel) == 0
    play()
    play(1)

    assert actions.read_by_customer(daniel) == 1
    assert actions.read_by_customer(daniel) == 0
    play()

    message.refresh_from_db()
    assert message.status == "read"
    assert statuses(listener) == ["sent", "delivered", "read"]
    assert listener.calls[2].params["ChannelPrefix"] == "whatsapp"


def test_rcs_tells_read(listener, numbers, lucia, play):
    reply(listener, from_="rcs:front_desk_agent", to=lucia.address)
    play()
    play(1)

    assert actions.read_by_customer(lucia) == 1
    play(1)

    told = listener.calls[-1].params
    assert (told["MessageStatus"], told["EventType"], told["ChannelPrefix"]) == ("read", "READ", "rcs")


def test_sms_never_tells_read(listener, numbers, maria, play):
    message = reply(listener)
    play()
    play(1)

    assert actions.read_by_customer(maria) == 0
    message.refresh_from_db()
    assert message.status == "delivered"


class TestOrder:
    def test_texts_of_a_pair_go_one_at_a_time_in_their_order(self, listener, numbers, maria):
        for body in "abc":
            actions.text_in(maria, to=OURS, body=body)

        first = outbox.claim(limit=9, now=clock.now())
        assert [callback.params["Body"] for callback in first] == ["a"]
        assert outbox.claim(limit=9, now=clock.now()) == []

        outbox.settle([(first[0], Outcome(200))], now=clock.now())
        assert [callback.params["Body"] for callback in outbox.claim(limit=9, now=clock.now())] == ["b"]

    def test_the_next_in_line_follows_at_once(self, listener, numbers, maria, play):
        for body in "abc":
            actions.text_in(maria, to=OURS, body=body)

        assert play() == 3
        assert [call.params["Body"] for call in listener.calls] == ["a", "b", "c"]

    def test_another_pair_does_not_wait(self, listener, numbers, maria, daniel, play):
        heard = threading.Event()
        listener.answer = lambda call: (
            (200 if heard.wait(10) else 500, {}, b"") if call.params["Body"] == "a" else heard.set() or (200, {}, b"")
        )
        actions.text_in(maria, to=OURS, body="a")
        actions.text_in(daniel, to=WHATSAPP_OURS, body="b")
        play()

        assert [callback.last_status for callback in TwinCallback.objects.all()] == [200, 200]

    def test_a_text_that_fails_holds_back_those_behind_it(self, listener, numbers, maria, play):
        listener.answer = lambda call: (503, {}, b"")
        actions.text_in(maria, to=OURS, body="a")
        actions.text_in(maria, to=OURS, body="b")
        play()
        assert {call.params["Body"] for call in listener.calls} == {"a"}

        listener.answer = lambda call: (200, {}, b"")
        play(1)
        assert [call.params["Body"] for call in listener.calls][-2:] == ["a", "b"]


class TestRetries:
    @pytest.mark.parametrize("status", [500, 503, 429])
    def test_a_failing_server_is_asked_again(self, listener, numbers, maria, play, status):
        listener.answer = lambda call: (status if len(listener.calls) == 1 else 200, {}, b"")
        actions.text_in(maria, to=OURS, body="a")
        play()
        play(1)
        play(60)

        assert len(listener.calls) == 2
        assert listener.calls[0].params == listener.calls[1].params
        token = "I-Twilio-Idempotency-Token"
        assert listener.calls[0].headers[token] == listener.calls[1].headers[token]
        assert TwinCallback.objects.get().was_taken

    def test_nobody_there_is_tried_again_until_somebody_is(self, listener, numbers, maria, play, closed_port):
        url = numbers["sms"].sms_url
        numbers["sms"].sms_url = f"http://127.0.0.1:{closed_port}/x"
        numbers["sms"].save()
        actions.text_in(maria, to=OURS, body="a")
        play()
        play(1)
        callback = TwinCallback.objects.get()
        assert (callback.attempts, callback.done_at, callback.last_status) == (2, None, None)

        TwinCallback.objects.update(url=url)
        play(60)
        assert TwinCallback.objects.get().was_taken

    @pytest.mark.parametrize("status", [400, 403, 302])
    def test_a_refusal_is_final(self, listener, numbers, maria, play, status):
        listener.answer = lambda call: (status, {"Location": "/elsewhere"}, b"")
        actions.text_in(maria, to=OURS, body="a")
        play()
        play(60)

        assert len(listener.calls) == 1
        callback = TwinCallback.objects.get()
        assert (callback.was_taken, callback.last_status) == (False, status)
        assert callback.done_at is not None

    def test_the_fallback_has_its_turn(self, listener, numbers, maria, play):
        listener.answer = lambda call: (200 if "fallback" in call.path else 500, {}, b"")
        actions.text_in(maria, to=OURS, body="a")
        for seconds in (0, 5, 10):
            play(seconds)

        last = listener.calls[-1]
        assert [call.path.rpartition("/")[2] for call in listener.calls] == ["messages", "messages", "fallback"]
        assert last.params["ErrorCode"] == "11200"
        assert verify(url=f"{listener.url}/webhooks/twilio/fallback", params=last.params, headers=last.headers)

    def test_it_gives_up_in_the_end(self, listener, numbers, maria, play):
        listener.answer = lambda call: (500, {}, b"")
        actions.text_in(maria, to=OURS, body="a")
        TwinCallback.objects.update(attempts=outbox.MAX_ATTEMPTS - 1)
        play()

        assert TwinCallback.objects.get().done_at is not None

    def test_an_address_that_cannot_be_called_keeps_nobody_from_their_turn(
        self, listener, numbers, maria, daniel, play
    ):
        TwinNumber.objects.filter(address=OURS).update(sms_url="http://[")
        actions.text_in(maria, to=OURS, body="a")
        actions.text_in(daniel, to=WHATSAPP_OURS, body="b")
        play()

        assert [call.params["Body"] for call in listener.calls] == ["b"]
        assert (TwinCallback.objects.get(lane__startswith=THEIRS).attempts, TwinMessage.objects.count()) == (1, 2)


class TestClaims:
    def test_one_claim_wins(self, listener, numbers, maria):
        actions.text_in(maria, to=OURS, body="a")
        now = clock.now()

        assert len(outbox.claim(limit=9, now=now)) == 1
        assert outbox.claim(limit=9, now=now) == []

    def test_no_more_are_taken_than_can_be_made(self, listener, numbers):
        replies = [reply(listener) for _ in range(3)]

        assert [row.message for row in outbox.claim(limit=2, now=clock.now())] == replies[:2]

    def test_a_dead_workers_claim_falls_due_again(self, listener, numbers, maria, play):
        actions.text_in(maria, to=OURS, body="a")
        outbox.claim(limit=9, now=clock.now())
        assert play(outbox.LEASE.total_seconds() - 1) == 0

        assert play(outbox.LEASE.total_seconds() + 1) == 1
        assert len(listener.calls) == 1

    def test_a_late_worker_cannot_finish_for_another(self, listener, numbers, maria):
        actions.text_in(maria, to=OURS, body="a")
        (late,) = outbox.claim(limit=9, now=clock.now())
        outbox.claim(limit=9, now=clock.now() + outbox.LEASE + timedelta(seconds=1))

        outbox.settle([(late, Outcome(500))], now=clock.now())

        assert TwinCallback.objects.get().done_at is None

    def test_what_is_done_is_not_done_again(self, listener, numbers, maria, play):
        actions.text_in(maria, to=OURS, body="a")

        assert (play(), play(), len(listener.calls)) == (1, 0, 1)

    def test_one_works_in_a_process_at_a_time(self, listener, numbers, maria, play):
        listener.answer = lambda call: (200 if delivery.work(linger_seconds=0) == 0 else 500, {}, b"")
        actions.text_in(maria, to=OURS, body="a")
        actions.text_in(maria, to=OURS, body="b")

        assert play() == 2
        assert [callback.last_status for callback in TwinCallback.objects.all()] == [200, 200]

    def test_a_connection_is_used_again(self, listener, numbers, maria, play):
        actions.text_in(maria, to=OURS, body="a")
        actions.text_in(maria, to=OURS, body="b")
        play()

        assert [call.peer for call in listener.calls] == [listener.calls[0].peer] * 2


class TestBells:
    def test_the_sweep_wakes_a_worker_while_something_is_due(self, listener, numbers, maria, bell, play):
        actions.text_in(maria, to=OURS, body="a")
        bell.clear()

        timers.sweep_callbacks(clock.now())
        assert len(bell) == 1
        play()
        timers.sweep_callbacks(clock.now())
        assert len(bell) == 1

    def test_it_rests_where_the_twin_is_off(self, listener, numbers, maria, bell, settings):
        actions.text_in(maria, to=OURS, body="a")
        bell.clear()
        settings.TWIN_ENABLED = False

        timers.sweep_callbacks(clock.now() + timedelta(hours=1))

        assert bell == []

    def test_many_rings_wake_one_worker(self, monkeypatch):
        woken = []
        monkeypatch.setattr(tasks.make_callbacks, "apply_async", lambda **how: woken.append(how["expires"]))
        monkeypatch.setitem(tasks._rung, "at", 0.0)

        for _ in range(10):
            tasks.ring()

        assert len(woken) == 1

    def test_a_broker_that_is_away_is_no_error(self, monkeypatch):
        def refuse(**how):
            raise OperationalError

        monkeypatch.setattr(tasks.make_callbacks, "apply_async", refuse)
        monkeypatch.setitem(tasks._rung, "at", 0.0)

        tasks.ring()

        assert tasks._rung["at"] > 0


class TestFaults:
    def test_a_lost_text_stays_with_the_provider(self, listener, numbers, maria, play):
        actions.set_faults({"lose_next": 1})
        actions.text_in(maria, to=OURS, body="lost")
        actions.text_in(maria, to=OURS, body="found")
        play()
        play(60)

        assert [call.params["Body"] for call in listener.calls] == ["found"]
        assert TwinMessage.objects.filter(body="lost", status="received").exists()

    def test_a_phone_that_is_switched_off_is_off_for_so_many(self, listener, numbers, play):
        actions.set_faults({"undelivered_next": 1})
        reply(listener)
        reply(listener)
        play()
        play(1)

        ends = [call.params for call in listener.calls if call.params["MessageStatus"] != "sent"]
        assert [(end["MessageStatus"], end.get("ErrorCode")) for end in ends] == [
            ("undelivered", "30003"),
            ("delivered", None),
        ]

    def test_a_doubled_text_has_one_sid(self, listener, numbers, maria, play):
        actions.set_faults({"duplicate_next": 1})
        actions.text_in(maria, to=OURS, body="twice")
        actions.text_in(maria, to=OURS, body="once")
        play()

        assert [call.params["Body"] for call in listener.calls] == ["twice", "twice", "once"]
        assert len({call.params["MessageSid"] for call in listener.calls}) == 2

    def test_doubled_receipts(self, listener, numbers, play):
        actions.set_faults({"duplicate_next": 1})
        reply(listener)
        play()
        play(1)

        assert statuses(listener) == ["sent", "sent", "delivered", "delivered"]

    def test_receipts_the_wrong_way_round_do_not_turn_the_message_back(self, listener, numbers, play):
        actions.set_faults({"reorder_next": 1})
        message = reply(listener)
        play()
        play(2)

        message.refresh_from_db()
        assert statuses(listener) == ["delivered", "sent"]
        assert message.status == "delivered"


def test_the_public_url_is_signed_where_another_way_in_is_used(listener, numbers, maria, play, settings):
    settings.PUBLIC_URL = "https://cc.example.com"
    settings.INTERNAL_URL = listener.url
    actions.ensure_numbers(webhook_url="https://cc.example.com/webhooks/twilio/messages")
    actions.text_in(maria, to=OURS, body="a")
    play()

    (call,) = listener.calls
    assert (call.headers["Host"], call.headers["X-Forwarded-Proto"]) == ("cc.example.com", "https")
    assert verify(url="https://cc.example.com/webhooks/twilio/messages", params=call.params, headers=call.headers)


def test_another_token_does_not_verify(listener, numbers, maria, play, settings):
    actions.text_in(maria, to=OURS, body="a")
    play()
    settings.TWILIO_AUTH_TOKEN = TOKEN[::-1]
    settings.TWILIO_AUTH_TOKENS = []

    (call,) = listener.calls
    assert not verify(url=f"{listener.url}{call.path}", params=call.params, headers=call.headers)
