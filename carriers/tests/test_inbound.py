import pytest

from carriers.base import InboundMedia
from carriers.twilio.errors import remedy
from carriers.twilio.inbound import parse_message, parse_status
from carriers.twilio.twiml import empty_response
from kernel.errors import Invalid

SID = "SM" + "0" * 32


def form(settings, **changes):
    given = {
        "MessageSid": SID,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "From": "+15550100001",
        "To": "+15550001000",
        "Body": "¿Dónde está mi pedido? 📦",
        "NumMedia": "0",
        "Unheard": "of",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def test_a_text_is_read_and_every_parameter_kept(settings):
    message = parse_message(form(settings))

    assert (message.provider, message.provider_sid, message.account_sid) == (
        "twilio",
        SID,
        settings.TWILIO_ACCOUNT_SID,
    )
    assert (message.channel, message.from_address, message.to_address) == ("sms", "+15550100001", "+15550001000")
    assert message.body == "¿Dónde está mi pedido? 📦"
    assert message.media == ()
    assert message.params["Unheard"] == "of"


@pytest.mark.parametrize(
    ("channel", "theirs", "ours"),
    [
        ("sms", "+15550100001", "+15550001000"),
        ("sms", "72345", "+15550001000"),
        ("sms", "ACME Bank", "+15550001000"),
        ("rcs", "rcs:+15550100004", "rcs:brand_xyz123_agent"),
        ("whatsapp", "whatsapp:+15550100002", "whatsapp:+15550002000"),
        ("messenger", "messenger:2890110000003", "messenger:100200300"),
    ],
)
def test_the_prefix_names_the_channel(settings, channel, theirs, ours):
    assert parse_message(form(settings, From=theirs, To=ours)).channel == channel


def test_pictures_are_listed_in_order(settings):
    message = parse_message(
        form(
            settings,
            MessageSid="MM" + "1" * 32,
            Body="",
            NumMedia="2",
            MediaUrl0="https://api.twilio.com/0",
            MediaContentType0="image/png",
            MediaUrl1="https://api.twilio.com/1",
        )
    )

    assert message.media == (
        InboundMedia("https://api.twilio.com/0", "image/png"),
        InboundMedia("https://api.twilio.com/1", "application/octet-stream"),
    )


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("MessageSid", {"MessageSid": None}),
        ("MessageSid", {"MessageSid": "SM" + "Z" * 32}),
        ("MessageSid", {"MessageSid": "CA" + "0" * 32}),
        ("MessageSid", {"MessageSid": SID + "\n"}),
        ("AccountSid", {"AccountSid": None}),
        ("AccountSid", {"AccountSid": "AC" + "b" * 32}),
        ("From", {"From": None}),
        ("From", {"From": "whatsapp:"}),
        ("From", {"From": "rcs:brand"}),
        ("From", {"From": "+1555' OR 1=1"}),
        ("To", {"To": None}),
        ("To", {"To": "whatsapp:+15550002000"}),
    ],
)
def test_what_is_wrong_is_named(settings, field, changes):
    with pytest.raises(Invalid) as refused:
        parse_message(form(settings, **changes))

    assert refused.value.field == field


def test_a_message_known_by_its_older_names_is_the_same(settings):
    assert parse_message(form(settings, MessageSid=None, SmsMessageSid=SID)).provider_sid == SID
    assert parse_message(form(settings, MessageSid="odd", SmsSid=SID)).provider_sid == SID


def pictures(count):
    return {f"MediaUrl{n}": f"https://api.twilio.com/{n}" for n in range(count)}


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        (10, {"NumMedia": "10"} | pictures(10)),
        (10, {"NumMedia": "11"} | pictures(11)),
        (2, {"NumMedia": None} | pictures(2)),
        (1, {"NumMedia": "-1"} | pictures(1)),
        (1, {"NumMedia": "²"} | pictures(1)),
        (0, {"NumMedia": "0"} | pictures(1)),
        (0, {"NumMedia": "1"}),
        (0, {"NumMedia": "1", "MediaUrl0": "file:///etc/passwd"}),
        (0, {"NumMedia": "1", "MediaUrl0": "http://["}),
        (0, {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/" + "x" * 1000}),
        (1, {"NumMedia": "2", "MediaUrl0": "x"} | pictures(2) | {"MediaUrl0": "x"}),
    ],
)
def test_odd_files_are_left_out_and_the_text_is_not_lost(settings, found, changes):
    message = parse_message(form(settings, **changes))

    assert len(message.media) == found
    assert message.body == "¿Dónde está mi pedido? 📦"
    assert message.params.items() >= {(name, value) for name, value in changes.items() if value is not None}


def test_what_is_longer_than_any_text_is_cut_and_kept_whole_beside(settings):
    message = parse_message(form(settings, Body="x" * 16_001, Unheard="y" * 20_000))

    assert message.body == "x" * 16_000
    assert (len(message.params["Body"]), len(message.params["Unheard"])) == (16_001, 20_000)


def test_nul_is_dropped_and_the_text_is_not_lost(settings):
    message = parse_message(form(settings, Body="a\0b", **{"n\0ame": "c\0d"}))

    assert message.body == "ab"
    assert message.params["name"] == "cd"


def test_html_and_sql_arrive_as_text(settings):
    body = "<script>alert(1)</script>'; DROP TABLE x; --"

    assert parse_message(form(settings, Body=body)).body == body


def test_a_receipt_is_read(settings):
    update = parse_status(
        form(settings, MessageStatus="undelivered", ErrorCode="30003", ErrorMessage="Unreachable destination handset")
    )

    assert (update.provider_sid, update.status, update.error_code) == (SID, "undelivered", "30003")
    assert update.error_message == "Unreachable destination handset"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("MessageStatus", {}),
        ("MessageStatus", {"MessageStatus": "arrived"}),
        ("ErrorCode", {"MessageStatus": "failed", "ErrorCode": "x"}),
        ("MessageSid", {"MessageStatus": "sent", "MessageSid": "x"}),
        ("AccountSid", {"MessageStatus": "sent", "AccountSid": "x"}),
    ],
)
def test_a_wrong_receipt_is_refused(settings, field, changes):
    with pytest.raises(Invalid) as refused:
        parse_status(form(settings, **changes))

    assert refused.value.field == field


def test_the_empty_answer_is_twiml():
    assert empty_response() == '<?xml version="1.0" encoding="UTF-8"?><Response />'


@pytest.mark.parametrize("code", ["21610", 21610])
def test_remedies_speak_to_the_agent(code):
    assert remedy(code) == "The customer has opted out. Only the customer can undo this, by writing START."


def test_unknown_codes_have_a_remedy_too_and_no_code_has_none():
    assert remedy("39999") == "The message could not be delivered."
    assert remedy("21999") == "Something is not set up as it must be. Tell a supervisor."
    assert remedy("read-timeout").startswith("The carrier did not answer.")
    assert remedy("") == ""
