"""Fetching files, against names that lead inside."""

import pytest

from carriers.base import CarrierError
from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio.client import TwilioCarrier
from kernel import dialing

URL = "https://api.twilio.com/2010-04-01/Accounts/AC/Messages/MM/Media/ME"
PUBLIC = "93.184.216.34"


@pytest.fixture
def dialled(monkeypatch):
    """Where connections would have gone; none is made."""
    made = []

    def connect(address, timeout=None):
        made.append((address, timeout))
        raise ConnectionRefusedError

    monkeypatch.setattr(dialing.socket, "create_connection", connect)
    return made


def resolving(monkeypatch, *addresses):
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return list(addresses)

    monkeypatch.setattr(dialing, "system_resolve", resolve)
    return asked


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.7"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], [PUBLIC, "192.168.0.1"], []],
)
def test_a_carriers_name_that_leads_inside_is_not_followed(monkeypatch, dialled, addresses):
    resolving(monkeypatch, *addresses)

    with pytest.raises(CarrierError) as refused:
        TwilioCarrier(ACCOUNT, TOKEN).fetch_media(URL)

    assert (refused.value.code, refused.value.permanent) == ("foreign-host", True)
    assert dialled == []


def test_the_checked_address_is_the_one_that_is_called(monkeypatch, dialled):
    asked = resolving(monkeypatch, PUBLIC, "93.184.216.35")

    with pytest.raises(CarrierError) as failed:
        TwilioCarrier(ACCOUNT, TOKEN, timeout=(4.0, 9.0)).fetch_media(URL)

    assert (failed.value.outcome, failed.value.code) == ("not_accepted", "refused")
    assert asked == [("api.twilio.com", 443)]
    assert dialled == [((PUBLIC, 443), 4.0)]


def test_every_hop_is_checked(monkeypatch, listener):
    listener.answer = lambda _call: (302, {"Location": "https://mms.twiliocdn.com/file"}, b"")
    monkeypatch.setattr(
        dialing, "system_resolve", lambda host, _port: ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.7"]
    )

    with pytest.raises(CarrierError) as refused:
        TwilioCarrier(ACCOUNT, TOKEN, api_base=listener.url).fetch_media(f"{listener.url}/media")

    assert refused.value.code == "foreign-host"
    assert len(listener.calls) == 1


def test_a_name_without_an_address_may_be_tried_again(monkeypatch):
    def resolve(_host, _port):
        raise OSError

    monkeypatch.setattr(dialing, "system_resolve", resolve)

    with pytest.raises(CarrierError) as failed:
        TwilioCarrier(ACCOUNT, TOKEN).fetch_media(URL)

    assert (failed.value.outcome, failed.value.code) == ("not_accepted", "dns")
