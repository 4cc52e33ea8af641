"""Signatures and the vault."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from hooks import signing, vault

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_headers_sign_id_time_and_body():
    secret = signing.new_secret()

    headers = signing.headers([secret], message_id="EV1", at=AT, body=b'{"a":1}')

    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, b'EV1.1767323045.{"a":1}', hashlib.sha256).digest()).decode()
    assert headers == {
        "webhook-id": "EV1",
        "webhook-timestamp": "1767323045",
        "webhook-signature": f"v1,{expected}",
    }


def test_two_secrets_give_two_signatures():
    headers = signing.headers([signing.new_secret(), signing.new_secret()], message_id="EV1", at=AT, body=b"")

    first, second = headers["webhook-signature"].split(" ")
    assert first != second


def test_secrets_are_long_and_never_the_same():
    made = {signing.new_secret() for _ in range(50)}

    assert len(made) == 50
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


def test_a_sealed_secret_shows_nothing_and_opens_again():
    sealed = vault.seal("whsec_abc")

    assert "abc" not in sealed
    assert vault.unseal(sealed) == "whsec_abc"
    assert vault.seal("whsec_abc") != sealed


def test_an_old_secret_key_still_opens_as_a_fallback(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old" * 20, []
    sealed = vault.seal("whsec_abc")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    assert vault.unseal(sealed) == "whsec_abc"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(vault.Unreadable):
        vault.unseal(sealed)
