"""The twin as the official SDK sees it, over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from carriers.base import CarrierError, OutboundMessage
from carriers.registry import carrier
from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio import listing
from carriers.twilio.client import TwilioCarrier, sdk_client
from carriers.twilio.inbound import parse_message
from carriers.twin import actions
from carriers.twin.actions import Picture
from carriers.twin.models import TwinMessage, TwinNumber, TwinService

pytestmark = pytest.mark.django_db(transaction=True)

OURS, THEIRS = "+15550001000", "+15550100001"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
def sdk(twin_api, numbers):
    return sdk_client(ACCOUNT, TOKEN, api_base=twin_api)


def outbound(**changes):
    given = {
        "message_sid": "IM" + "0" * 32,
        "fence": 1,
        "channel": "sms",
        "from_address": OURS,
        "to_address": THEIRS,
        "body": "Hello",
    }
    return OutboundMessage(**(given | changes))


def test_a_message_is_created_queued(sdk):
    created = sdk.messages.create(from_=OURS, to=THEIRS, body="Grüße ✨")

    assert created.sid.startswith("SM")
    assert (created.status, created.direction, created.body) == ("queued", "outbound-api", "Grüße ✨")
    assert (created.num_media, created.num_segments, created.error_code) == ("0", "1", None)
    assert abs(created.date_created - datetime.now(UTC)) < timedelta(seconds=30)
    assert created.uri == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{created.sid}.json"


def test_the_carrier_of_the_product_sends_through_it(twin_api, numbers):
    result = carrier().send(outbound(media_urls=("https://cc.example.com/a.png",)))

    row = TwinMessage.objects.get()
    assert (result.provider_sid, result.status) == (row.sid, "queued")
    assert row.sid.startswith("MM")
    assert row.media_urls == ["https://cc.example.com/a.png"]


def test_a_message_may_go_through_a_service(twin_api, numbers):
    service = TwinService.objects.create(friendly_name="Reminders")
    TwinNumber.objects.filter(address=OURS).update(service=service)

    result = carrier().send(outbound(messaging_service_sid=service.sid))
    with pytest.raises(CarrierError) as refused:
        carrier().send(outbound(messaging_service_sid="MG" + "9" * 32))

    row = TwinMessage.objects.get()
    assert (row.sid, row.messaging_service_sid, row.from_address) == (result.provider_sid, service.sid, OURS)
    assert row.callbacks.first().params["MessagingServiceSid"] == service.sid
    assert (refused.value.code, refused.value.outcome) == ("21701", "rejected")


def test_a_message_can_be_fetched_and_a_strange_one_not(sdk):
    sid = sdk.messages.create(from_=OURS, to=THEIRS, body="Hello").sid

    assert sdk.messages(sid).fetch().body == "Hello"
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages("SM" + "9" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+15559999999"}, 21606),
        ({"from_": "whatsapp:+15559999999", "to": "whatsapp:+15550100002"}, 63007),
        ({"from_": "rcs:nobody_agent", "to": "rcs:+15550100004"}, 63007),
        ({"from_": "rcs:front_desk_agent", "to": "rcs:+15550100004", "media_url": ["https://a.example"] * 2}, 21623),
        ({"from_": "rcs:front_desk_agent"}, 21910),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "not a number"}, 21211),
        ({"to": OURS}, 21266),
        ({"to": "whatsapp:+15550100002"}, 21910),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"media_url": ["ftp://x"]}, 21620),
        ({"media_url": ["https://cc.example.com/a.png"] * 11}, 21623),
        ({"status_callback": "nowhere"}, 21609),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(sdk, changes, code):
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(**({"from_": OURS, "to": THEIRS, "body": "Hello"} | changes))

    assert (refused.value.status, refused.value.code) == (400, code)
    assert TwinMessage.objects.count() == 0


def test_twilios_good_test_sender_needs_no_number(sdk):
    assert sdk.messages.create(from_="+15005550006", to=THEIRS, body="Hello").status == "queued"


def test_stop_blocks_the_pair_and_start_opens_it(sdk, maria):
    actions.text_in(maria, to=OURS, body=" stop ")
    actions.text_in(maria, to=OURS, body="START please")

    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(from_=OURS, to=THEIRS, body="Hello")
    assert refused.value.code == 21610

    actions.text_in(maria, to=OURS, body="Start")
    assert sdk.messages.create(from_=OURS, to=THEIRS, body="Hello").status == "queued"


def test_lists_filter_by_addresses_and_day(sdk, maria):
    actions.text_in(maria, to=OURS, body="inbound")
    sdk.messages.create(from_=OURS, to=THEIRS, body="outbound")
    sdk.messages.create(from_=OURS, to="+15550100009", body="elsewhere")
    now = datetime.now(UTC)

    assert [m.body for m in sdk.messages.list()] == ["elsewhere", "outbound", "inbound"]
    assert [m.body for m in sdk.messages.list(to=OURS)] == ["inbound"]
    assert [m.body for m in sdk.messages.list(to=THEIRS, from_=OURS)] == ["outbound"]
    assert len(sdk.messages.list(date_sent=now)) == 3
    assert len(sdk.messages.list(date_sent_after=now - timedelta(minutes=1))) == 3
    assert sdk.messages.list(date_sent_after=now + timedelta(minutes=1)) == []
    assert sdk.messages.list(date_sent_before=now - timedelta(minutes=1)) == []
    assert sdk.messages.list(date_sent=now - timedelta(days=1)) == []


def test_lists_are_paged_without_gaps(sdk):
    sids = [sdk.messages.create(from_=OURS, to=THEIRS, body=str(n)).sid for n in range(5)]

    assert [m.sid for m in sdk.messages.list(page_size=2)] == sids[::-1]


@pytest.mark.parametrize("query", ["DateSent=yesterday", "DateSent=2026-13-45", "PageSize=x", "PageToken=1e9"])
def test_a_filter_that_is_nonsense_is_refused(twin_api, query):
    answer = requests.get(
        f"{twin_api}/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{query}", auth=(ACCOUNT, TOKEN), timeout=5
    )

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.parametrize(
    "auth",
    [None, (ACCOUNT, "wrong"), ("AC" + "b" * 32, TOKEN), ("", ""), (ACCOUNT, "")],
)
def test_credentials_are_demanded(twin_api, numbers, auth):
    answer = requests.post(
        f"{twin_api}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={"From": OURS, "To": THEIRS, "Body": "x"},
        auth=auth,
        timeout=5,
    )

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'
    assert TwinMessage.objects.count() == 0


@pytest.mark.parametrize("header", ["Basic", "Basic ????", "Bearer x", "Basic \u00e9"])
def test_malformed_credentials_are_refused(client, header):
    answer = client.get(f"/twin/2010-04-01/Accounts/{ACCOUNT}/Messages.json", headers={"Authorization": header})

    assert answer.status_code == 401


def test_another_account_is_not_found(twin_api):
    other = "AC" + "b" * 32
    answer = requests.get(f"{twin_api}/2010-04-01/Accounts/{other}/Messages.json", auth=(ACCOUNT, TOKEN), timeout=5)

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_numbers_are_listed_and_updated(sdk):
    (row,) = sdk.incoming_phone_numbers.list()
    assert (row.phone_number, row.sms_method) == (OURS, "POST")

    row.update(sms_url="https://new.example.com/hook#rc=5", sms_fallback_url="", status_callback="https://x.example")

    stored = TwinNumber.objects.get(sid=row.sid)
    assert stored.sms_url == "https://new.example.com/hook#rc=5"
    assert stored.sms_fallback_url == ""
    assert sdk.incoming_phone_numbers(row.sid).fetch().status_callback == "https://x.example"


def test_numbers_refuse_an_odd_method_and_a_strange_sid(sdk, numbers):
    with pytest.raises(TwilioRestException) as refused:
        sdk.incoming_phone_numbers(numbers["sms"].sid).update(sms_method="PUT")
    assert refused.value.status == 400

    with pytest.raises(TwilioRestException) as missing:
        sdk.incoming_phone_numbers(numbers["whatsapp"].sid).fetch()
    assert missing.value.status == 404


class TestMedia:
    @pytest.fixture
    def url(self, twin_api, numbers, maria):
        message = actions.text_in(maria, to=OURS, body="", picture=Picture("image/png", PNG))
        return message.callbacks.get().params["MediaUrl0"]

    def test_our_carrier_fetches_it(self, url):
        assert carrier().fetch_media(url) == ("image/png", PNG)

    def test_it_needs_credentials(self, url):
        assert requests.get(url, timeout=5).status_code == 401
        assert requests.get(url, auth=(ACCOUNT, "wrong"), timeout=5).status_code == 401

    def test_the_file_host_refuses_credentials(self, url):
        redirect = requests.get(url, auth=(ACCOUNT, TOKEN), allow_redirects=False, timeout=5)
        target = redirect.headers["Location"]

        assert redirect.status_code == 307
        assert requests.get(target, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 400
        assert requests.get(target, timeout=5).content == PNG
        assert requests.get(target[:-1] + ("a" if target[-1] != "a" else "b"), timeout=5).status_code == 403

    def test_the_sdk_lists_it(self, sdk, url):
        sid = TwinMessage.objects.get().sid

        (media,) = sdk.messages(sid).media.list()

        assert media.content_type == "image/png"
        assert url.endswith(media.sid)


class TestFaults:
    def set(self, base, **faults):
        return requests.post(f"{base}/faults", json=faults, auth=(ACCOUNT, TOKEN), timeout=5)

    def test_429_is_not_accepted_and_ends_by_itself(self, twin_api, numbers):
        self.set(twin_api, rate_limit_next=1)

        with pytest.raises(CarrierError) as failed:
            carrier().send(outbound())

        assert (failed.value.outcome, failed.value.retry_after) == ("not_accepted", 1.0)
        assert TwinMessage.objects.count() == 0
        assert carrier().send(outbound()).status == "queued"

    def test_500_is_unknown(self, twin_api, numbers):
        self.set(twin_api, server_error_next=1)

        with pytest.raises(CarrierError) as failed:
            carrier().send(outbound())

        assert failed.value.outcome == "unknown"

    def test_a_hang_is_unknown_and_the_message_goes_out(self, twin_api, numbers):
        self.set(twin_api, hang_next=1, hang_seconds=1)

        with pytest.raises(CarrierError) as failed:
            TwilioCarrier(ACCOUNT, TOKEN, api_base=twin_api, timeout=(1.0, 0.3)).send(outbound())

        assert (failed.value.outcome, failed.value.code) == ("unknown", "read-timeout")
        assert TwinMessage.objects.get().status == "queued"

    def test_they_are_read_and_checked(self, twin_api):
        assert self.set(twin_api, delay_ms=5, lose_next="2").json()["lose_next"] == 2

        for wrong in ({"no_such": 1}, {"delay_ms": -1}, {"delay_ms": 10**9}, {"lose_next": True}, {"lose_next": "²"}):
            answer = self.set(twin_api, **wrong)
            assert (answer.status_code, answer.json()["field"]) == (400, next(iter(wrong)))
        assert requests.get(f"{twin_api}/faults", auth=(ACCOUNT, TOKEN), timeout=5).json()["delay_ms"] == 5
        assert requests.get(f"{twin_api}/faults", timeout=5).status_code == 401

    def test_a_body_that_is_no_object_is_refused(self, twin_api):
        answer = requests.post(f"{twin_api}/faults", data="[1", auth=(ACCOUNT, TOKEN), timeout=5)

        assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        f"/twin/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        f"/twin/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json",
        "/twin/faults",
        "/twin/files/x",
        "/phones/",
        "/phones/messages",
        "/phones/faults",
        "/phones/media/ME1",
    ],
)
def test_nothing_is_there_when_it_is_off(client, settings, path):
    settings.TWIN_ENABLED = False

    assert client.get(path).status_code == 404


class TestInboundList:
    """What the reconciler asks for, through the official SDK and over HTTP."""

    def listing(self, *, back: float = 60, limit: int = 100):
        now = datetime.now(UTC)
        return carrier().list_inbound(since=now - timedelta(seconds=back), until=now, limit=limit)

    def test_it_holds_what_customers_sent_oldest_first(self, twin_api, numbers, maria, sdk):
        first = actions.text_in(maria, to=OURS, body="first")
        sdk.messages.create(from_=OURS, to=THEIRS, body="ours")
        actions.text_in(maria, to=OURS, body="second")

        found = self.listing()

        assert [message.params["Body"] for message in found.messages] == ["first", "second"]
        assert (found.seen, found.complete) == (3, True)
        assert (found.messages[0].provider_sid, found.messages[0].to_address) == (first.sid, OURS)
        assert self.listing(back=-60).messages == ()

    def test_it_is_read_page_after_page_up_to_the_limit(self, twin_api, numbers, maria, monkeypatch):
        monkeypatch.setattr(listing, "_PAGE", 2)
        for number in range(5):
            actions.text_in(maria, to=OURS, body=str(number))

        assert [message.params["Body"] for message in self.listing().messages] == ["0", "1", "2", "3", "4"]
        cut = self.listing(limit=3)
        assert ([message.params["Body"] for message in cut.messages], cut.complete) == (["2", "3", "4"], False)

    def test_a_listed_message_is_what_its_webhook_would_have_brought(self, twin_api, numbers, maria):
        sent = actions.text_in(maria, to=OURS, body="Look", picture=Picture("image/png", PNG))
        (webhook,) = sent.callbacks.all()
        brought = parse_message(webhook.params)

        (found,) = self.listing().messages
        message = carrier().listed(found)

        assert (message.provider_sid, message.body, message.media) == (brought.provider_sid, "Look", brought.media)
        assert (message.from_address, message.to_address, message.channel) == (THEIRS, OURS, "sms")
        assert carrier().fetch_media(message.media[0].url) == ("image/png", PNG)

    def test_a_message_whose_files_are_gone_comes_with_its_words(self, twin_api, numbers, maria):
        sent = actions.text_in(maria, to=OURS, body="Look", picture=Picture("image/png", PNG))
        (found,) = self.listing().messages
        TwinMessage.objects.filter(pk=sent.pk).delete()

        message = carrier().listed(found)

        assert (message.body, message.media) == ("Look", ())

    def test_bad_credentials_are_an_error_of_the_carrier(self, twin_api, numbers):
        now = datetime.now(UTC)
        with pytest.raises(CarrierError) as failed:
            TwilioCarrier(ACCOUNT, "wrong", api_base=twin_api).list_inbound(since=now, until=now, limit=10)
        assert failed.value.is_breakage
