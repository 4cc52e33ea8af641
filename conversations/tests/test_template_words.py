"""What templates say, by type and channel, and how they read with values."""

import pytest

from conversations.core.templates import Button, Shape, language_of, placeholders, render, shape

QUICK = {"body": "Hi {{1}}", "actions": [{"title": "Yes", "id": "y"}, {"title": "No {{2}}"}]}
ANSWERS = (Button("reply", "Yes", "y"), Button("reply", "No {{2}}", "No {{2}}"))
CALL = {
    "body": "See {{1}}",
    "actions": [
        {"type": "URL", "title": "Open", "url": "https://example.com/{{2}}"},
        {"type": "PHONE_NUMBER", "title": "Call", "phone": "+15550001000"},
        {"type": "COPY_CODE", "title": "Copy", "code": "{{3}}"},
    ],
}


@pytest.mark.parametrize(
    ("types", "channel", "wanted"),
    [
        ({"twilio/text": {"body": "Hi"}}, "sms", Shape("twilio/text", "Hi")),
        (
            {"twilio/text": {"body": "Hi"}, "twilio/quick-reply": QUICK},
            "whatsapp",
            Shape(
                "twilio/quick-reply",
                "Hi {{1}}",
                buttons=(Button("reply", "Yes", "y"), Button("reply", "No {{2}}", "No {{2}}")),
            ),
        ),
        ({"twilio/text": {"body": "Hi"}, "twilio/quick-reply": QUICK}, "sms", Shape("twilio/text", "Hi")),
        ({"twilio/quick-reply": QUICK}, "sms", None),
        (
            {"twilio/call-to-action": CALL},
            "messenger",
            Shape(
                "twilio/call-to-action",
                "See {{1}}",
                buttons=(
                    Button("url", "Open", "https://example.com/{{2}}"),
                    Button("phone", "Call", "+15550001000"),
                    Button("copy", "Copy", "{{3}}"),
                ),
            ),
        ),
        (
            {"twilio/media": {"body": "Look", "media": ["https://example.com/{{1}}"]}},
            "whatsapp",
            Shape("twilio/media", "Look", media=("https://example.com/{{1}}",)),
        ),
        (
            {"twilio/card": {"title": "Sale", "subtitle": "Until Friday", "media": "https://example.com/a"}},
            "whatsapp",
            Shape("twilio/card", "Sale\nUntil Friday", media=("https://example.com/a",)),
        ),
        (
            {"twilio/list-picker": {"body": "Which?", "items": [{"item": "Red", "id": "r"}, "odd"]}},
            "whatsapp",
            Shape("twilio/list-picker", "Which?", buttons=(Button("list", "Red", "r"),)),
        ),
        ({"twilio/location": {"latitude": 1}}, "whatsapp", None),
        ({"twilio/text": None}, "whatsapp", None),
        ({"twilio/text": {"body": 7}}, "whatsapp", Shape("twilio/text", "")),
    ],
)
def test_each_channel_has_its_form(types, channel, wanted):
    assert shape(types, channel=channel) == wanted


def test_values_are_asked_for_once_each_wherever_they_stand():
    found = shape({"twilio/call-to-action": CALL}, channel="whatsapp")

    assert found is not None
    assert placeholders(found) == ("1", "2", "3")
    assert placeholders(Shape("twilio/text", "{{name}} {{10}} {{ 2 }} {{}} {{a b}} {{name}}")) == ("2", "10", "name")


def test_values_are_put_in_everywhere_and_only_once():
    found = shape({"twilio/call-to-action": CALL}, channel="whatsapp")

    assert found is not None
    shown = render(found, {"1": "{{2}}", "2": "x"})
    assert shown.body == "See {{2}}"
    assert [one.value for one in shown.buttons] == ["https://example.com/x", "+15550001000", "{{3}}"]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["¿Cuándo llega mi pedido?"], "es"),
        (["where is my order?"], "en"),
        (["hola", "is it on its way to my house?"], "en"),
        (["42"], "fr"),
        ([], "fr"),
    ],
)
def test_the_language_of_a_few_words(texts, language):
    assert language_of(texts, otherwise="fr") == language
