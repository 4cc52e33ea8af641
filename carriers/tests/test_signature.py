import hashlib
import json
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carriers.twilio.signature import sign, verify

# The SDK's own vector: twilio-python, tests/unit/test_request_validator.py
VECTOR_TOKEN = "12345"
VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTOR_PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
VECTOR_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
VECTOR_BODY = b'{"property": "value", "boolean": true}'
VECTOR_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
VECTOR_BODY_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="

URL = "https://cc.example.com/webhooks/twilio/messages"
FORM = {"MessageSid": "SM1", "Body": "hello", "Empty": ""}


@pytest.fixture
def vector(settings):
    settings.TWILIO_AUTH_TOKEN = VECTOR_TOKEN
    settings.TWILIO_AUTH_TOKENS = []


def signed(token, url=URL, params=FORM):
    return {"X-Twilio-Signature": sign(url, params, token=token)}


def test_sdk_vector_is_accepted(vector):
    headers = {"X-Twilio-Signature": VECTOR_SIGNATURE}

    assert verify(url=VECTOR_URL, params=VECTOR_PARAMS, headers=headers) is True


@pytest.mark.parametrize(
    "url",
    ["https://mycompany.com:443/myapp.php?foo=1&bar=2", "https://mycompany.com:1234/myapp.php?foo=1&bar=2"],
)
def test_signature_without_port_counts_for_an_url_with_port(vector, url):
    headers = {"X-Twilio-Signature": VECTOR_SIGNATURE}

    assert verify(url=url, params=VECTOR_PARAMS, headers=headers) is True


@pytest.mark.parametrize("host", ["[2001:db8::1]:8443", "[2001:db8::1]"])
def test_bracketed_hosts_keep_their_address(settings, host):
    url = f"https://{host}/hook"

    assert verify(url=url, params=FORM, headers=signed(settings.TWILIO_AUTH_TOKEN, url)) is True


@pytest.mark.parametrize("change", [{"Body": "hellp"}, {"Extra": "1"}, {"MessageSid": "SM2"}])
def test_any_changed_parameter_is_refused(settings, change):
    assert verify(url=URL, params=FORM | change, headers=signed(settings.TWILIO_AUTH_TOKEN)) is False


def test_another_url_is_refused(settings):
    headers = signed(settings.TWILIO_AUTH_TOKEN)

    assert verify(url=URL + "?x=1", params=FORM, headers=headers) is False
    assert verify(url=URL.replace("https", "http"), params=FORM, headers=headers) is False


def test_repeated_names_of_a_querydict_are_all_covered(settings):
    params = QueryDict("a=1&a=2&b=3")
    headers = signed(settings.TWILIO_AUTH_TOKEN, params=params)

    assert verify(url=URL, params=params, headers=headers) is True
    assert verify(url=URL, params=QueryDict("a=2&b=3"), headers=headers) is False


def test_every_token_of_a_rotation_counts_and_no_other(settings):
    settings.TWILIO_AUTH_TOKEN = "new"
    settings.TWILIO_AUTH_TOKENS = ["new", "old"]

    assert verify(url=URL, params=FORM, headers=signed("new")) is True
    assert verify(url=URL, params=FORM, headers=signed("old")) is True
    assert verify(url=URL, params=FORM, headers=signed("older")) is False


def test_an_empty_token_signs_nothing(settings):
    settings.TWILIO_AUTH_TOKEN = ""
    settings.TWILIO_AUTH_TOKENS = [""]

    assert verify(url=URL, params=FORM, headers=signed("")) is False


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": ""}, {"X-Other": "x"}])
def test_missing_signature_is_false_and_no_exception(headers):
    assert verify(url=URL, params=FORM, headers=headers) is False


def test_header_names_ignore_case(settings):
    headers = {"x-twilio-signature": sign(URL, FORM, token=settings.TWILIO_AUTH_TOKEN)}

    assert verify(url=URL, params=FORM, headers=headers) is True


def test_shared_key_signatures_are_refused_even_when_the_rest_fits(settings):
    headers = signed(settings.TWILIO_AUTH_TOKEN)
    headers["X-Twilio-Webhooks-Signature-Settings"] = "key=k1,algorithm=HMAC_SHA1"

    assert verify(url=URL, params=FORM, headers=headers) is False


def test_sdk_json_vector_is_accepted(vector):
    url = f"{VECTOR_URL}&bodySHA256={VECTOR_HASH}"
    headers = {"X-Twilio-Signature": VECTOR_BODY_SIGNATURE}

    assert verify(url=url, body=VECTOR_BODY, headers=headers) is True


def json_request(token, body, claimed=None):
    url = f"{URL}?{urlencode({'bodySHA256': hashlib.sha256(claimed or body).hexdigest()})}"
    return {"url": url, "body": body, "headers": signed(token, url, {})}


def test_json_must_be_the_body_that_the_url_names(settings):
    token = settings.TWILIO_AUTH_TOKEN
    body = json.dumps({"a": 1}).encode()

    assert verify(**json_request(token, body)) is True
    assert verify(**json_request(token, body, claimed=b"{}")) is False


def test_json_without_a_hash_is_refused_though_the_url_is_signed(settings):
    assert verify(url=URL, body=b"{}", headers=signed(settings.TWILIO_AUTH_TOKEN, params={})) is False


def test_neither_form_nor_body_is_refused(settings):
    assert verify(url=URL, headers=signed(settings.TWILIO_AUTH_TOKEN, params={})) is False


def test_two_hashes_are_refused(settings):
    body = b"{}"
    digest = hashlib.sha256(body).hexdigest()
    url = f"{URL}?bodySHA256={digest}&bodySHA256={digest}"

    assert verify(url=url, body=body, headers=signed(settings.TWILIO_AUTH_TOKEN, url, {})) is False


@pytest.mark.parametrize(
    "request_",
    [
        {"url": None, "params": FORM, "headers": {"X-Twilio-Signature": "x"}},
        {"url": "https://[::1", "params": FORM, "headers": {"X-Twilio-Signature": "x"}},
        {"url": "https://h:99999/x", "params": FORM, "headers": {"X-Twilio-Signature": "x"}},
        {"url": URL, "params": {"a": None}, "headers": {"X-Twilio-Signature": "x"}},
        {"url": URL, "params": ["a"], "headers": {"X-Twilio-Signature": "x"}},
        {"url": URL, "params": FORM, "headers": {"X-Twilio-Signature": 7}},
        {"url": URL, "params": FORM, "headers": {"X-Twilio-Signature": "\ud800"}},
        {"url": URL, "params": FORM, "headers": None},
        {"url": URL + "?bodySHA256=x", "body": "text", "headers": {"X-Twilio-Signature": "x"}},
        {"url": URL + "?bodySHA256=\ud800", "body": b"x", "headers": {"X-Twilio-Signature": "x"}},
    ],
)
def test_nonsense_is_false_and_never_an_exception(request_):
    assert verify(**request_) is False


ANY = st.one_of(st.none(), st.text(), st.binary(), st.integers(), st.dictionaries(st.text(), st.text()))


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(url=ANY, params=ANY, body=ANY, signature=ANY)
def test_no_input_is_accepted_or_raises(url, params, body, signature):
    assert verify(url=url, params=params, body=body, headers={"X-Twilio-Signature": signature}) is False
