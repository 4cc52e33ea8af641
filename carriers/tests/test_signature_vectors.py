"""The SDKs' own vectors, as data: what Twilio's validators take, ours takes, and nothing beside it.

twilio-python ``tests/unit/test_request_validator.py``; twilio-node ``spec/validation.spec.js`` and
``spec/unit/webhooks/webhooks.spec.js``.
"""

import hashlib

import pytest
from django.http import QueryDict
from twilio.request_validator import RequestValidator

from carriers.twilio.signature import sign, verify

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
BODY = b'{"property": "value", "boolean": true}'
BODY_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
EMPTY_HASH = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

FORMS = {
    "form": (URL, PARAMS, SIGNATURE),
    "https, port removed": (URL.replace(".com", ".com:1234"), PARAMS, SIGNATURE),
    "http with its port": ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", PARAMS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    "https, port added": (URL, PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    "http, port added": (URL.replace("https", "http"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    "user and password": (URL.replace("//", "//user:pass@"), PARAMS, "CukzLTc1tT5dXEDIHm/tKBanW10="),
    "user": (URL.replace("//", "//user@"), PARAMS, "2YRLlVAflCqxaNicjMpJcSTgzSs="),
    "user and password, port added": (URL.replace("//", "//user:pass@"), PARAMS, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
    "quote in the query": (URL + "&Body=It's+amazing", PARAMS, "dsq4Ehbj6cs+KdTkpF5sSSplOWw="),
    "a name twice": (
        URL,
        QueryDict("MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx"),
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
    ),
    "a name twice, the other way round": (
        URL,
        QueryDict("MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx"),
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
    ),
    "a name and value twice": (
        URL,
        QueryDict("Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"),
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
}
BODIES = {
    "body": (f"{URL}&bodySHA256={BODY_HASH}", BODY, "a9nBmqA0ju/hNViExpshrM61xv4="),
    "empty body": (f"{URL}&bodySHA256={EMPTY_HASH}", b"{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc="),
    "hash alone": (f"https://mycompany.com/myapp.php?bodySHA256={BODY_HASH}", BODY, "y77kIzt2vzLz71DgmJGsen2scGs="),
}
# What was signed, and what arrives.
PLAIN, ESCAPED = "https://example.com/path?test=param'WithQuote", "https://example.com/path?test=param%27WithQuote"
URLS = [
    ("https://example.com:443/path?test=param", "https://example.com:443/path?test=param"),
    ("https://example.com:443/path?test=param", "https://example.com/path?test=param"),
    ("https://example.com/path?test=param", "https://example.com/path?test=param"),
    ("https://example.com/path?test=param", "https://example.com:443/path?test=param"),
    *[(signed, arrived) for signed in (PLAIN, ESCAPED) for arrived in (PLAIN, ESCAPED)],
]


@pytest.fixture(autouse=True)
def vector(settings):
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKENS = TOKEN, []


def header(signature):
    return {"X-Twilio-Signature": signature}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_the_sdks_is_accepted_and_no_other(name):
    url, params, signature = FORMS[name]

    assert verify(url=url, params=params, headers=header(signature)) is True
    assert verify(url=url, params=dict(params) | {"Digits": "4321"}, headers=header(signature)) is False
    assert verify(url=url + "1", params=params, headers=header(signature)) is False
    assert verify(url=url, params=params, headers=header(signature.swapcase())) is False


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_the_sdks_is_accepted_and_no_other(name):
    url, body, signature = BODIES[name]

    assert verify(url=url, body=body, headers=header(signature)) is True
    assert verify(url=url, body=body + b" ", headers=header(signature)) is False
    assert verify(url=url[:-1], body=body, headers=header(signature)) is False


def test_a_body_without_its_hash_is_refused():
    assert verify(url=URL, body=BODY, headers=header(SIGNATURE)) is False
    assert hashlib.sha256(BODY).hexdigest() == BODY_HASH


@pytest.mark.parametrize(("signed", "arrived"), URLS)
def test_an_url_of_the_sdks_is_accepted(signed, arrived):
    signature = sign(signed, {}, token=TOKEN)

    assert verify(url=arrived, params={}, headers=header(signature)) is True


def test_another_url_of_the_sdks_is_refused():
    signature = sign("https://example.com/path?test=param", {}, token=TOKEN)

    assert verify(url="https://example.com/path?test=param2", params={}, headers=header(signature)) is False


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_a_shared_keys_signature_is_the_sdks(algorithm, settings):
    settings.TWILIO_SHARED_KEYS = {"webhooks_sharedkey_1": "secret"}
    signature = RequestValidator("secret").compute_signature(URL, PARAMS, algorithm)
    named = {"X-Twilio-Webhooks-Signature-Settings": f"key=webhooks_sharedkey_1,algorithm={algorithm}"}

    assert verify(url=URL, params=PARAMS, headers=header(signature) | named) is True
    assert verify(url=URL, params=PARAMS, headers=header(signature)) is False
