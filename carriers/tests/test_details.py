"""The parameters that say more than words: typed where they make sense, never in the way where they do not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.details import Choice, Details, Location, Quote, Referral, Region
from carriers.twilio.details import parse_details

SID = "SM" + "0" * 32


def test_words_alone_have_no_details():
    assert parse_details({"Body": "hello", "NumMedia": "0"}) == Details()


def test_a_location_is_read():
    details = parse_details({"Latitude": "38.7223", "Longitude": "-9.139336", "Label": "Café", "Address": "Rua 1"})

    assert details.location == Location(38.7223, -9.139336, label="Café", address="Rua 1")


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("38", ""),
        ("", "9"),
        ("91", "0"),
        ("0", "-180.5"),
        ("nan", "0"),
        ("inf", "0"),
        ("1e1", "0"),
        ("٣", "0"),
        ("x", "y"),
    ],
)
def test_a_place_that_is_none_is_left_out(latitude, longitude):
    assert parse_details({"Latitude": latitude, "Longitude": longitude}).location is None


@pytest.mark.parametrize(
    ("params", "choice"),
    [
        (
            {"ButtonText": "Yes", "ButtonPayload": "confirm", "ButtonType": "REPLY"},
            Choice("button", "Yes", "confirm", type="REPLY"),
        ),
        ({"ButtonText": "Yes"}, Choice("button", "Yes", "")),
        ({"ListId": "row-1", "ListTitle": "Tuesday"}, Choice("list", "Tuesday", "row-1")),
        ({"ListId": "", "ButtonText": ""}, None),
    ],
)
def test_buttons_and_lists_are_read(params, choice):
    assert parse_details(params).choice == choice


def test_an_advertisement_is_read():
    details = parse_details(
        {
            "ReferralHeadline": "Spring sale",
            "ReferralBody": "Everything must go",
            "ReferralSourceType": "ad",
            "ReferralSourceId": "123",
            "ReferralSourceUrl": "https://fb.me/abc",
            "ReferralMediaUrl": "https://cdn.example/1.jpg",
            "ReferralMediaContentType": "image/jpeg",
            "ReferralNumMedia": "1",
            "ReferralCtwaClid": "clid",
        }
    )

    assert details.referral == Referral(
        headline="Spring sale",
        body="Everything must go",
        source_type="ad",
        source_id="123",
        source_url="https://fb.me/abc",
        media_url="https://cdn.example/1.jpg",
        media_content_type="image/jpeg",
        click_id="clid",
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "http://[", "//fb.me", "https:", "x"])
def test_an_advertisement_leads_nowhere_but_to_the_web(url):
    referral = parse_details({"ReferralHeadline": "Sale", "ReferralSourceUrl": url}).referral

    assert referral is not None
    assert (referral.headline, referral.source_url) == ("Sale", "")


def test_no_advertisement_is_none():
    assert parse_details({"ReferralNumMedia": "0", "ReferralBody": ""}).referral is None


def test_a_quoted_message_is_named_by_a_sid_or_not_at_all():
    params = {"OriginalRepliedMessageSid": SID, "OriginalRepliedMessageSender": "whatsapp:+15550002000"}

    assert parse_details(params).quote == Quote(SID, "whatsapp:+15550002000")
    assert parse_details(params | {"OriginalRepliedMessageSid": "x"}).quote is None


@pytest.mark.parametrize(
    ("params", "forwarded"),
    [
        ({}, ""),
        ({"Forwarded": "false"}, ""),
        ({"Forwarded": "true"}, "once"),
        ({"Forwarded": "true", "FrequentlyForwarded": "True"}, "often"),
    ],
)
def test_what_was_forwarded_says_so(params, forwarded):
    assert parse_details(params).forwarded == forwarded


@pytest.mark.parametrize(
    ("said", "read"), [("STOP", "STOP"), ("start", "START"), ("Help", "HELP"), ("x", ""), ("", "")]
)
def test_opt_out_words_are_the_three(said, read):
    assert parse_details({"OptOutType": said}).opt_out == read


def test_who_and_where_is_read():
    details = parse_details(
        {
            "ProfileName": " Ana ",
            "WaId": "15550100002",
            "MessagingServiceSid": "MG" + "1" * 32,
            "NumSegments": "3",
            "FromCity": "LISBON",
            "FromCountry": "PT",
            "ToState": "CA",
        }
    )

    assert (details.profile_name, details.whatsapp_id, details.segments) == ("Ana", "15550100002", 3)
    assert details.messaging_service_sid == "MG" + "1" * 32
    assert details.from_region == Region("LISBON", "", "", "PT")
    assert details.to_region == Region("", "CA", "", "")


def test_odd_ids_and_counts_are_none():
    details = parse_details({"WaId": "+1 555", "MessagingServiceSid": "MG1", "NumSegments": "many"})

    assert details == Details()


def test_json_is_read():
    details = parse_details(
        {"InteractiveData": '{"a": [1]}', "FlowData": "[]", "ChannelMetadata": '{"type": "whatsapp"}'}
    )

    assert (details.interactive, details.flow, details.channel) == ({"a": [1]}, [], {"type": "whatsapp"})


@pytest.mark.parametrize("text", ["{", "NaN", "[Infinity]", "[" * 200_000, "9" * 10_000, "\ufeff{}"])
def test_json_that_is_none_is_left_out(text):
    assert parse_details({"InteractiveData": text, "FlowData": text, "ChannelMetadata": text}) == Details()


KNOWN = st.sampled_from(
    [
        *("Latitude", "Longitude", "Label", "Address", "ButtonText", "ButtonPayload", "ListId", "ListTitle"),
        *("ReferralBody", "ReferralSourceUrl", "ReferralMediaUrl", "OriginalRepliedMessageSid", "FrequentlyForwarded"),
        *("Forwarded", "OptOutType", "FromCity", "ToZip", "ProfileName", "WaId", "MessagingServiceSid", "NumSegments"),
        *("InteractiveData", "FlowData", "ChannelMetadata"),
    ]
)
VALUE = st.one_of(
    st.text(), st.floats().map(str), st.sampled_from(["true", SID, "http://[", "https://a.example", "{}", "[[", "1"])
)


@given(st.dictionaries(KNOWN, VALUE))
def test_nothing_raises_and_places_are_on_earth(params):
    details = parse_details(params)

    if details.location is not None:
        assert math.fabs(details.location.latitude) <= 90
        assert math.fabs(details.location.longitude) <= 180
