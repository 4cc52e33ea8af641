import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response

from carriers.base import CarrierError, OutboundMessage
from carriers.registry import carrier
from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio.client import TwilioCarrier, classify
from carriers.twilio.transport import Transport, from_transport

SID = "SM" + "0" * 32
MESSAGE = OutboundMessage(
    message_sid="IM" + "0" * 32,
    fence=1,
    channel="sms",
    from_address="+15550001000",
    to_address="+15550100001",
    body="On its way 🚚",
    media_urls=("https://cc.example.com/a.png", "https://cc.example.com/b.png"),
    status_callback_url="https://cc.example.com/status",
)


def at(base, timeout=(1.0, 0.3)):
    return TwilioCarrier(ACCOUNT, TOKEN, api_base=base, timeout=timeout)


def outcome(base):
    with pytest.raises(CarrierError) as failed:
        at(base).send(MESSAGE)
    return failed.value


def answering(listener, status, document=None, headers=None):
    body = document if isinstance(document, bytes) else json.dumps(document or {}).encode()
    listener.answer = lambda _call: (status, headers or {}, body)


def test_a_message_is_posted_once_with_credentials(listener):
    answering(listener, 201, {"sid": SID, "status": "queued"})

    result = at(listener.url + "/twin").send(MESSAGE)

    assert (result.provider_sid, result.status) == (SID, "queued")
    assert len(listener.calls) == 1
    call = listener.calls[0]
    assert (call.method, call.path) == ("POST", f"/twin/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert call.headers["Authorization"] == requests.auth._basic_auth_str(ACCOUNT, TOKEN)
    assert call.params["Body"] == "On its way 🚚"
    assert call.params["StatusCallback"] == "https://cc.example.com/status"
    assert call.body.count(b"MediaUrl=") == 2


def test_a_refused_connection_is_not_accepted(closed_port):
    error = outcome(f"http://127.0.0.1:{closed_port}")

    assert (error.outcome, error.code, error.permanent) == ("not_accepted", "refused", False)


def test_an_unknown_name_is_not_accepted():
    error = outcome("http://no-such-host.invalid")

    assert (error.outcome, error.code) == ("not_accepted", "dns")


def test_a_failed_handshake_is_not_accepted(listener):
    error = outcome(listener.url.replace("http://", "https://"))

    assert (error.outcome, error.code) == ("not_accepted", "tls")
    assert listener.calls == []


def test_a_connect_timeout_is_not_accepted():
    error = from_transport(requests.ConnectTimeout())

    assert (error.outcome, error.code) == ("not_accepted", "connect-timeout")


def test_429_is_not_accepted_and_says_when(listener):
    answering(listener, 429, {"code": 20429, "message": "Too Many Requests"}, {"Retry-After": "7"})

    error = outcome(listener.url)

    assert (error.outcome, error.code, error.retry_after) == ("not_accepted", "20429", 7.0)


def test_429_without_a_time_is_not_accepted(listener):
    answering(listener, 429)

    error = outcome(listener.url)

    assert (error.outcome, error.retry_after) == ("not_accepted", None)


def test_429_is_the_accounts_affair_unless_it_names_the_sender(listener):
    answering(listener, 429, {"code": 20429}, {"Retry-After": "7"})
    account = outcome(listener.url)
    answering(listener, 429, {"code": 63018}, {"Retry-After": "7"})
    sender = outcome(listener.url)
    answering(listener, 429, b"<html>")
    unreadable = outcome(listener.url)

    assert (account.scope, account.is_busy, account.is_breakage) == ("account", True, False)
    assert (sender.scope, sender.code, sender.is_busy) == ("sender", "63018", True)
    assert (unreadable.scope, unreadable.code) == ("account", "20429")


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (401, None), (403, 20005), (400, 20003)])
def test_an_account_that_is_not_accepted_says_nothing_against_the_message(listener, status, code):
    answering(listener, status, {"code": code, "message": "no", "status": status} if code else b"<html>")

    error = outcome(listener.url)

    assert (error.outcome, error.scope, error.is_breakage) == ("not_accepted", "account", True)


def test_a_senders_full_queue_is_not_accepted_and_gives_it_a_rest(listener):
    answering(listener, 400, {"code": 21611, "message": "queue", "status": 400})

    error = outcome(listener.url)

    assert (error.outcome, error.scope, error.is_busy, error.retry_after) == ("not_accepted", "sender", True, 30.0)


def test_server_errors_and_broken_lines_are_the_accounts_trouble(listener, closed_port):
    answering(listener, 503)
    server = outcome(listener.url)

    assert server.is_breakage
    assert outcome(f"http://127.0.0.1:{closed_port}").is_breakage


def test_the_provider_hears_how_long_a_message_is_valid(listener):
    answering(listener, 201, {"sid": SID, "status": "queued"})

    at(listener.url).send(replace(MESSAGE, valid_for_seconds=60))
    at(listener.url).send(MESSAGE)

    assert listener.calls[0].params["ValidityPeriod"] == "60"
    assert "ValidityPeriod" not in listener.calls[1].params


def row(sid, body, *, minutes_ago=0, direction="outbound-api", status="delivered"):
    created = datetime(2026, 11, 2, 12, tzinfo=UTC) - timedelta(minutes=minutes_ago)
    return {
        "sid": "SM" + sid * 32,
        "body": body,
        "direction": direction,
        "status": status,
        "num_media": "0",
        "date_created": format_datetime(created),
        "date_sent": None,
        "error_code": 30007 if status == "undelivered" else None,
        "error_message": None,
    }


def listing(listener, *pages):
    """Pages of the provider's list, each naming the next."""
    waiting = list(enumerate(pages))

    def answer(_call):
        number, rows = waiting.pop(0)
        following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page={number + 1}" if waiting else None
        body = {"messages": rows, "next_page_uri": following, "page": number, "uri": "/x"}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    listener.answer = answer


SINCE = datetime(2026, 11, 2, 11, 55, tzinfo=UTC)


def sent(listener, *, limit=100):
    return at(listener.url).list_sent(from_address="+15550001000", to_address="+15550100001", since=SINCE, limit=limit)


def test_what_was_sent_is_read_page_after_page_until_it_is_older(listener):
    listing(
        listener, [row("3", "c")], [row("2", "b", status="undelivered"), row("1", "a", minutes_ago=6)], [row("0", "x")]
    )

    found = sent(listener)

    assert [(message.body, message.status, message.error_code) for message in found.messages] == [
        ("b", "undelivered", "30007"),
        ("c", "delivered", ""),
    ]
    assert found.complete
    assert len(listener.calls) == 2
    assert "To=%2B15550100001" in listener.calls[0].path
    assert "From=%2B15550001000" in listener.calls[0].path
    assert "DateSent" not in listener.calls[0].path


def test_a_list_that_goes_on_beyond_the_limit_is_not_complete(listener):
    listing(listener, [row("3", "c"), row("2", "b"), row("1", "a")])

    assert not sent(listener, limit=2).complete
    listing(listener, [row("3", "c"), row("2", "b")])
    assert sent(listener, limit=3).complete


def test_a_list_whose_second_page_fails_is_no_list(listener):
    listing(listener, [row("3", "c")], [])
    first = listener.answer
    listener.answer = lambda call: first(call) if len(listener.calls) == 1 else (500, {}, b"")

    with pytest.raises(CarrierError):
        sent(listener)


def test_4xx_is_rejected_with_the_code(listener):
    answering(listener, 400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400})

    error = outcome(listener.url)

    assert (error.outcome, error.code, error.permanent) == ("rejected", "21610", True)


def test_4xx_in_the_new_error_format_is_rejected_with_the_code(listener):
    answering(listener, 400, {"type": "https://x", "title": "Bad", "status": 400, "code": 21211, "detail": "no"})

    error = outcome(listener.url)

    assert (error.outcome, error.code, error.message) == ("rejected", "21211", "no")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_4xx_without_a_document_is_rejected(listener, status):
    answering(listener, status, b"<html>")

    error = outcome(listener.url)

    assert (error.outcome, error.code) == ("rejected", f"http-{status}")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_is_unknown_and_not_repeated(listener, status):
    answering(listener, status, {"code": 20500})

    error = outcome(listener.url)

    assert (error.outcome, error.code, error.permanent) == ("unknown", f"http-{status}", False)
    assert len(listener.calls) == 1


def test_a_read_timeout_is_unknown_and_not_repeated(listener):
    release = threading.Event()

    def hang(_call):
        release.wait(5)

    listener.answer = hang
    error = outcome(listener.url)
    release.set()

    assert (error.outcome, error.code) == ("unknown", "read-timeout")
    assert len(listener.calls) == 1


def test_a_reset_after_the_request_is_unknown_and_not_repeated(listener):
    listener.answer = lambda _call: None

    error = outcome(listener.url)

    assert (error.outcome, error.code) == ("unknown", "reset")
    assert len(listener.calls) == 1


@pytest.mark.parametrize("document", [b"<html>welcome to the hotel's network</html>", b""])
def test_a_success_that_is_no_json_is_unknown(listener, document):
    answering(listener, 201, document)

    assert outcome(listener.url).outcome == "unknown"


def test_a_success_without_a_sid_is_unknown(listener):
    answering(listener, 201, {"status": "queued"})

    assert outcome(listener.url).outcome == "unknown"


def test_an_address_that_is_no_url_is_rejected():
    assert outcome("htp:/nowhere").outcome == "rejected"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TwilioRestException(400, "/", "x", 21211), ("rejected", "21211")),
        (TwilioRestException(404, "/", "x", 20404), ("rejected", "20404")),
        (TwilioRestException(503, "/", "x", 20503), ("unknown", "http-503")),
        (TwilioRestException(429, "/", "x", 20429), ("not_accepted", "20429")),
        (TwilioServiceException("t", "x", 400, 60200), ("rejected", "60200")),
        (TwilioServiceException("t", "x", 429, 20429), ("not_accepted", "20429")),
        (TwilioException("Unable to fetch page", Response(401, "")), ("not_accepted", "http-401")),
        (TwilioException("Unable to fetch page", Response(429, "")), ("not_accepted", "20429")),
        (TwilioException("odd"), ("unknown", "bad-answer")),
    ],
)
def test_every_family_of_the_sdks_exceptions_is_classified(error, expected):
    found = classify(error)

    assert (found.outcome, found.code) == expected


def test_a_redirected_client_never_reaches_twilio_itself():
    transport = Transport(api_base="http://twin/")

    assert transport.rebase("https://api.twilio.com/2010-04-01/x") == "http://twin/2010-04-01/x"
    assert transport.rebase("https://api.dublin.ie1.twilio.com/x") == "http://twin/x"
    assert transport.rebase("https://messaging.twilio.com/v1/Services") == "http://twin/messaging/v1/Services"
    assert Transport().rebase("https://api.twilio.com/x") == "https://api.twilio.com/x"


def test_the_default_timeout_is_five_and_ten_seconds():
    assert Transport().timeout == (5.0, 10.0)


def test_one_carrier_is_kept_until_the_credentials_change(settings):
    first = carrier()

    assert carrier() is first
    settings.TWILIO_AUTH_TOKEN = "another"
    assert carrier() is not first


class TestMedia:
    def test_the_file_lies_behind_one_redirect_that_gets_no_credentials(self, listener):
        def answer(call):
            if call.path == "/file":
                return 200, {"Content-Type": "image/png"}, b"\x89PNG"
            return 307, {"Location": "/file"}, b""

        listener.answer = answer

        assert at(listener.url).fetch_media(f"{listener.url}/media") == ("image/png", b"\x89PNG")
        first, second = listener.calls
        assert first.headers["Authorization"] == requests.auth._basic_auth_str(ACCOUNT, TOKEN)
        assert "Authorization" not in second.headers

    def test_credentials_stay_home_even_with_a_netrc(self, listener, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        listener.answer = lambda call: (200, {}, b"x") if call.path == "/file" else (302, {"Location": "/file"}, b"")

        at(listener.url).fetch_media(f"{listener.url}/media")

        assert "Authorization" not in listener.calls[1].headers

    @pytest.mark.parametrize(
        "url",
        [
            "http://169.254.169.254/latest/meta-data/",
            "https://api.twilio.com.evil.example/x",
            "https://user:pass@api.twilio.com/x",
            "http://api.twilio.com/x",
            "https://api.twilio.com:444/x",
            "file:///etc/passwd",
        ],
    )
    def test_other_hosts_are_not_asked(self, url):
        with pytest.raises(CarrierError) as refused:
            TwilioCarrier(ACCOUNT, TOKEN).fetch_media(url)

        assert (refused.value.outcome, refused.value.code) == ("rejected", "foreign-host")

    @pytest.mark.parametrize(
        "target",
        [
            "http://127.0.0.1:9/x",
            "https://example.com/x",
            "http://mms.twiliocdn.com/x",
            "https://eviltwiliocdn.com/x",
            "https://u:p@mms.twiliocdn.com/x",
            "https://mms.twiliocdn.com:22/x",
            "https://mms.twiliocdn.com:99999/x",
            "https://mms.twiliocdn.com.evil.example/x",
            # Python takes all of it for the host's name, what connects only what stands before the backslash.
            "https://evil.example\\.twilio.com/x",
            "https://[::ffff:169.254.169.254]/x",
            "https://[::1",
            "file:///etc/passwd",
            "//169.254.169.254/latest/meta-data/",
        ],
    )
    def test_redirects_to_other_hosts_are_not_followed(self, listener, target):
        listener.answer = lambda _call: (302, {"Location": target}, b"")

        with pytest.raises(CarrierError) as refused:
            at(listener.url).fetch_media(f"{listener.url}/media")

        assert refused.value.code == "foreign-host"
        assert len(listener.calls) == 1

    def test_redirects_in_a_circle_end(self, listener):
        listener.answer = lambda _call: (302, {"Location": "/again"}, b"")

        with pytest.raises(CarrierError) as refused:
            at(listener.url).fetch_media(f"{listener.url}/media")

        assert refused.value.code == "redirects"

    def test_a_file_beyond_the_cap_is_refused(self, listener, monkeypatch):
        wanted = at(listener.url)
        monkeypatch.setattr(wanted._media, "_max_bytes", 1000)
        listener.answer = lambda _call: (200, {"Content-Type": "image/png"}, b"x" * 1001)

        with pytest.raises(CarrierError) as refused:
            wanted.fetch_media(f"{listener.url}/media")

        assert (refused.value.code, refused.value.permanent) == ("too-large", True)

    @pytest.mark.parametrize(("status", "permanent"), [(404, True), (401, True), (429, False), (503, False)])
    def test_failures_tell_whether_to_try_again(self, listener, status, permanent):
        listener.answer = lambda _call: (status, {}, b"")

        with pytest.raises(CarrierError) as failed:
            at(listener.url).fetch_media(f"{listener.url}/media")

        assert failed.value.permanent is permanent
        assert failed.value.outcome == ("rejected" if permanent else "not_accepted")

    def test_nobody_there_may_be_tried_again(self, closed_port):
        base = f"http://127.0.0.1:{closed_port}"

        with pytest.raises(CarrierError) as failed:
            at(base).fetch_media(f"{base}/media")

        assert (failed.value.outcome, failed.value.code) == ("not_accepted", "refused")
