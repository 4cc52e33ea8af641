"""One-time codes, by the SDK, over HTTP, to the simulated phone."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from twilio.rest import Client

from tests.sdk import specification
from tests.sdk.conftest import refused
from tests.support.product import ROOT, wait_until

_DOCUMENTED = {}
exec(re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "verify.md").read_text(), re.S)[0], _DOCUMENTED)
_VERIFICATION = {
    *("sid", "service_sid", "account_sid", "to", "channel", "status", "valid", "lookup", "amount", "payee", "url"),
    *("send_code_attempts", "date_created", "date_updated", "sna"),
}
_READ = "SELECT body FROM twin_twinmessage WHERE to_address = %s ORDER BY id"


class Checked(_DOCUMENTED["ContactCenter"]):
    """Every refusal is held against Twilio's shape before the SDK sees it."""

    def request(self, method, url, *args, **kwargs):
        answer = super().request(method, url, *args, **kwargs)
        if answer.status_code >= 400:
            Draft202012Validator(specification.ERROR).validate(json.loads(answer.text))
        elif "/Verifications" in url:
            assert set(json.loads(answer.text)) == _VERIFICATION
        return answer


def connect(product, credentials):
    return Client(credentials.name, credentials.secret, credentials.account, http_client=Checked(product.url))


@pytest.fixture(scope="module")
def verify(product, ours):
    return connect(product, ours).verify.v2


@pytest.fixture
def service(verify):
    return verify.services(verify.services.create(friendly_name="Clinic", code_length=6).sid)


def code_at(product, number):
    """The code on the simulated phone, once it is there."""
    texts = wait_until(lambda: product.rows(_READ, number), seconds=15, what="the text with the code")
    return re.search(r": (\d+)\.", texts[-1][0])[1]


def test_a_service_is_made_fetched_changed_listed_and_deleted(verify):
    made = verify.services.create(friendly_name="Shop", code_length=4)

    assert (made.code_length, verify.services(made.sid).fetch().friendly_name) == (4, "Shop")
    assert verify.services(made.sid).update(code_length=8).code_length == 8
    assert made.sid in [row.sid for row in verify.services.list(page_size=1)]
    assert verify.services(made.sid).delete()
    with refused(404, 20404):
        verify.services(made.sid).fetch()
    with refused(400, 20001):
        verify.services.create(friendly_name="Shop", code_length=3)


def test_a_code_goes_to_the_phone_and_back(product, service):
    number = "+15005550101"
    begun = service.verifications.create(to=number, channel="sms", locale="en")
    assert (begun.status, begun.valid, len(begun.send_code_attempts)) == ("pending", False, 1)
    code = code_at(product, number)

    assert service.verification_checks.create(to=number, code="0" * 5 + str((int(code[-1]) + 1) % 10)).valid is False
    checked = service.verification_checks.create(to=number, code=code)

    assert (checked.status, checked.valid, checked.sid) == ("approved", True, begun.sid)
    with refused(404, 20404):
        service.verification_checks.create(to=number, code=code)
    assert service.verifications(begun.sid).fetch().status == "approved"


def test_too_many_checks_and_sendings_have_twilios_numbers(service):
    number = "+15005560102"
    begun = service.verifications.create(to=number, channel="sms")
    for _ in range(4):
        assert service.verifications.create(to=number, channel="sms").sid == begun.sid
    with refused(429, 60203):
        service.verifications.create(to=number, channel="sms")
    states = [service.verification_checks.create(verification_sid=begun.sid, code="0000").status for _ in range(5)]
    assert states == ["pending"] * 4 + ["max_attempts_reached"]
    with refused(429, 60202):
        service.verification_checks.create(verification_sid=begun.sid, code="0000")


def test_a_verification_is_canceled_by_sid_or_number(service):
    number = "+15005570103"
    begun = service.verifications.create(to=number, channel="sms")

    assert service.verifications(number).fetch().sid == begun.sid
    assert service.verifications(begun.sid).update(status="canceled").status == "canceled"
    with refused(404, 20404):
        service.verification_checks.create(to=number, code="123456")
    with refused(400, 20001):
        service.verifications(begun.sid).update(status="canceled")


@pytest.mark.parametrize("given", [{"to": "12"}, {"channel": "call"}, {"to": "hello"}])
def test_what_cannot_be_sent_is_60200(service, given):
    with refused(400, 60200):
        service.verifications.create(**({"to": "+15005580104", "channel": "sms"} | given))


def test_credentials_scopes_and_strangers(product, others, service):
    fetched = service.fetch()
    with refused(403, 20403):
        connect(product, others["write"]).verify.v2.services.list()
    stranger = connect(product, others["stranger"]).verify.v2
    assert stranger.services.list() == []
    with refused(404, 20404):
        stranger.services(fetched.sid).verifications.create(to="+15005590105", channel="sms")
    with refused(404, 20404):
        stranger.services(fetched.sid).verification_checks.create(to="+15005590105", code="123456")
