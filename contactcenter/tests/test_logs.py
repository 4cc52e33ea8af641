import json
import logging

import pytest

from contactcenter import logs

SID = "WT" + "1234567890" * 3 + "12"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to +15551234567", "to …4567"),
        ("whatsapp:+15551234567", "whatsapp:…4567"),
        ("call (555) 123-4567 now", "call …4567 now"),
        ("555.123.4567", "…4567"),
        ("at 2026-11-21 09:14:37", "at 2026-11-21 09:14:37"),
        ("+44 20 7946 0958", "…0958"),
        ("5551234", "…1234"),
        ("123456", "123456"),
        (SID, SID),
        (f"/status/{SID}/7", f"/status/{SID}/7"),
        ("status=200 ms=12.5", "status=200 ms=12.5"),
    ],
)
def test_numbers_keep_their_last_four_digits(text, expected):
    assert logs.masked(text) == expected


def test_numbers_are_found_inside_lists_and_mappings():
    assert logs.masked({"to": ["+15551234567", 7]}) == {"to": ["…4567", 7]}


def record(message, *arguments, exc_info=None):
    return logging.LogRecord("desk", logging.WARNING, "x.py", 1, message, arguments, exc_info)


def test_a_value_cannot_forge_a_line():
    line = logs.formatter(json=False).format(record("name=%s", "Eve\n12:00:00 info all is well\x1b[2J"))

    assert line.count("\n") == 0
    assert r"Eve\x0a12:00:00 info all is well\x1b[2J" in line


def test_a_traceback_is_indented_masked_and_cannot_forge_a_line():
    try:
        raise ValueError("no +15551234567\nforged")
    except ValueError as error:
        text = logs.formatter(json=False).format(record("failed", exc_info=(ValueError, error, error.__traceback__)))

    assert "+15551234567" not in text
    assert all(row.startswith("    ") for row in text.splitlines()[1:])
    assert "    forged" in text


def test_machines_get_json():
    entry = json.loads(logs.formatter(json=True).format(record("sent to %s", "+15551234567")))

    assert entry["event"] == "sent to …4567"
    assert entry["level"] == "warning"
    assert entry["logger"] == "desk"


def test_strangers_cannot_fill_the_log_with_tracebacks_or_paths(client, caplog):
    client.handler.enforce_csrf_checks = True

    statuses = [
        client.get("/login/", headers={"Host": "evil.example"}).status_code,
        client.post("/desk/contacts/+15551234567").status_code,
    ]

    assert statuses == [400, 403]
    assert not [row.name for row in caplog.records if row.name.startswith("django.security")]
