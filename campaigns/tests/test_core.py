"""Lists, numbers and texts, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.core import texts
from campaigns.core.lists import Columns, Given, Unreadable, checked, decoded, guessed, picked, read
from campaigns.core.numbers import normal

BODY = "Hi {{name}}"


@pytest.mark.parametrize(
    ("text", "channel", "country", "address"),
    [
        ("+1 (555) 010-0001", "sms", "", "+15550100001"),
        ("0015550100001", "sms", "", "+15550100001"),
        ("'+15550100001", "sms", "", "+15550100001"),
        ("55 1234 5678", "sms", "MX", "+525512345678"),
        ("whatsapp:+525512345678", "whatsapp", "", "whatsapp:+525512345678"),
        ("55 1234 5678", "rcs", "MX", "rcs:+525512345678"),
        ("messenger:100200", "messenger", "", "messenger:100200"),
        ("100200", "messenger", "", "messenger:100200"),
        ("55 1234 5678", "sms", "", ""),
        ("+1", "sms", "", ""),
        ("+15550100001 ext 5", "sms", "", ""),
        ("=1+1", "sms", "US", ""),
        ("call me", "messenger", "", ""),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, channel: str, country: str, address: str) -> None:
    assert normal(text, channel=channel, country=country) == address


@given(
    st.text(max_size=60), st.sampled_from(["sms", "rcs", "whatsapp", "messenger"]), st.sampled_from(["", "US", "MX"])
)
def test_no_number_breaks_the_reader(text: str, channel: str, country: str) -> None:
    normal(text, channel=channel, country=country)


@given(st.text(max_size=200), st.text(max_size=20))
def test_no_words_of_a_row_are_taken_for_a_place(body: str, words: str) -> None:
    filled = texts.filled(f"{{{{name}}}} {body.replace('{', '')}", {"name": words})

    assert filled == f"{words} {body.replace('{', '')}"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_spreadsheets_csv_is_read(mark: str) -> None:
    text = f'phone{mark}name\r\n+15550100001{mark}"Ana{mark} María"\r\n\r\n+15550100002{mark}Ben\r\n'

    sheet = read(decoded(text.encode("cp1252")))

    assert sheet.columns == ("phone", "name")
    assert sheet.rows == ((2, ("+15550100001", f"Ana{mark} María")), (4, ("+15550100002", "Ben")))


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), ("phone\n", "no-rows"), ("phone,phone\n1,2\n", "columns"), ("phone,\n1,2\n", "columns")],
)
def test_what_is_no_list_says_why(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert refused.value.code == code


def test_a_picture_is_no_list() -> None:
    with pytest.raises(Unreadable):
        read(decoded(b"\x89PNG\r\n\x1a\n\0\0"))


def test_columns_are_guessed_by_their_names() -> None:
    assert guessed(("Name", "Teléfono", "time"), ["name", "time", "place"]) == Columns(
        "Teléfono", {"name": "Name", "time": "time"}
    )
    assert guessed(("a", "b"), []).address == "a"


def test_every_bad_row_is_named_with_its_reason() -> None:
    rows = read(
        "phone,name\n+15550100001,Ana\n,Ben\nnope,Cy\n+1 555 010 0001,Ana again\n+15550100002,\n+15550100003,"
        + "x" * 20
        + "\n+15550100009,Known\n"
    )
    found = checked(
        picked(rows, Columns("phone", {"name": "name"})),
        body=BODY,
        channel="sms",
        limit=20,
        known={"+15550100009": 77},
    )

    assert [(row.line, row.address, row.variables) for row in found.good] == [(2, "+15550100001", {"name": "Ana"})]
    assert [(bad.line, bad.code, bad.about) for bad in found.bad] == [
        (3, "no-address", ""),
        (4, "bad-address", ""),
        (5, "twice", "2"),
        (6, "missing", "name"),
        (7, "too-long", "20"),
        (8, "twice", "77"),
    ]


def test_a_row_keeps_only_what_the_text_asks_for() -> None:
    found = checked([Given(1, "+15550100001", {"name": "Ana", "salary": "9"})], body=BODY, channel="sms", limit=99)

    assert found.good[0].variables == {"name": "Ana"}
