import hashlib
import json
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carriers.twilio.signature import sign, verify

URL = "https://cc.example.com/webhooks/twilio/messages"
FORM = {"MessageSid": "SM1", "Body": "hello", "Empty": ""}


def signed(token, url=URL, params=FORM):
    return {"X-Twilio-Signature": sign(url, params, token=token)}


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


def shared(key, *, url=URL, params=FORM, secret="s" * 40, algorithm="HMAC_SHA256", named=None):
    """The headers of a request that a SharedKey has signed; ``named`` is what it says of its algorithm."""
    return {
        "X-Twilio-Signature": sign(url, params, token=secret, algorithm=algorithm),
        "X-Twilio-Webhooks-Signature-Settings": f"key={key},algorithm={named or algorithm}",
    }


@pytest.fixture
def shared_keys(settings):
    settings.TWILIO_SHARED_KEYS = {"k-new": "s" * 40, "k-old": "o" * 40, "k-empty": ""}


def test_every_shared_key_of_a_rotation_counts_with_its_own_secret(shared_keys):
    assert verify(url=URL, params=FORM, headers=shared("k-new")) is True
    assert verify(url=URL, params=FORM, headers=shared("k-old", secret="o" * 40)) is True
    assert verify(url=URL, params=FORM, headers=shared("k-old")) is False
    assert verify(url=URL, params=FORM, headers=shared("k-older")) is False


def test_a_shared_key_covers_json_as_well(shared_keys):
    url = f"{URL}?bodySHA256={hashlib.sha256(b'{}').hexdigest()}"

    assert verify(url=url, body=b"{}", headers=shared("k-new", url=url, params={})) is True
    assert verify(url=url, body=b"[]", headers=shared("k-new", url=url, params={})) is False


def test_a_shared_key_without_a_secret_signs_nothing(shared_keys):
    assert verify(url=URL, params=FORM, headers=shared("k-empty", secret="")) is False


def test_an_auth_token_does_not_sign_in_a_shared_keys_name(shared_keys, settings):
    token = settings.TWILIO_AUTH_TOKEN

    assert verify(url=URL, params=FORM, headers=shared("k-new", secret=token)) is False
    assert verify(url=URL, params=FORM, headers=shared("k-new", secret=token, algorithm="HMAC_SHA1")) is False


def test_the_algorithm_is_the_one_that_is_named(shared_keys):
    assert verify(url=URL, params=FORM, headers=shared("k-new", algorithm="HMAC_SHA1")) is True
    assert verify(url=URL, params=FORM, headers=shared("k-new", named="hmac_sha256")) is True
    assert verify(url=URL, params=FORM, headers=shared("k-new", named="HMAC_SHA1")) is False
    assert verify(url=URL, params=FORM, headers=shared("k-new", algorithm="HMAC_SHA1", named="HMAC_SHA256")) is False


def test_nothing_weaker_than_configured_counts_whatever_the_request_says(shared_keys, settings):
    settings.TWILIO_SIGNATURE_ALGORITHM = "HMAC_SHA256"

    assert verify(url=URL, params=FORM, headers=shared("k-new")) is True
    assert verify(url=URL, params=FORM, headers=shared("k-new", algorithm="HMAC_SHA1")) is False
    assert verify(url=URL, params=FORM, headers=signed(settings.TWILIO_AUTH_TOKEN)) is False


@pytest.mark.parametrize(
    "said",
    [
        "key=k-new",
        "algorithm=HMAC_SHA256",
        "key=k-new,algorithm=",
        "key=k-new,algorithm=HMAC_MD5",
        "key=k-new,algorithm=HMAC_SHA512",
        "key=k-new,algorithm=none",
        "key=k-old,key=k-new,algorithm=HMAC_SHA256",
        "key=k-new,algorithm=HMAC_SHA256,algorithm=HMAC_SHA1",
        "k-new;HMAC_SHA256",
        ",=,",
        "\x00",
        7,
    ],
)
def test_settings_that_make_no_sense_are_refused_though_the_rest_fits(shared_keys, said):
    headers = shared("k-new") | {"X-Twilio-Webhooks-Signature-Settings": said}

    assert verify(url=URL, params=FORM, headers=headers) is False


def test_empty_settings_are_a_classic_request(settings):
    headers = signed(settings.TWILIO_AUTH_TOKEN) | {"X-Twilio-Webhooks-Signature-Settings": " "}

    assert verify(url=URL, params=FORM, headers=headers) is True


def test_a_query_is_escaped_anew_and_never_another(settings):
    url = f"{URL}?a=It's%20ok&b=%C3%A1"
    headers = signed(settings.TWILIO_AUTH_TOKEN, url)

    assert verify(url=f"{URL}?a=It%27s+ok&b=%c3%a1", params=FORM, headers=headers) is True
    assert verify(url=f"{URL}?a=It%27s+ok&b=%C3%A1&c=1", params=FORM, headers=headers) is False
    assert verify(url=f"{URL}?a=It%27s+ok" + "&" * 2000 + "b=%C3%A1&c=1", params=FORM, headers=headers) is False
    assert verify(url=f"{URL}?a=It%27s+ok&b=%ff", params=FORM, headers=headers) is False


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
