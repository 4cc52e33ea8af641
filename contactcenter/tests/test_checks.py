import pytest

from contactcenter.checks import webhooks_can_be_signed


@pytest.mark.parametrize(
    ("algorithm", "keys", "found"),
    [
        ("HMAC_SHA1", {}, []),
        ("HMAC_SHA256", {"key": "secret"}, []),
        ("HMAC_SHA256", {}, ["contactcenter.E003"]),
        ("HMAC_MD5", {"key": "secret"}, ["contactcenter.E002"]),
    ],
)
def test_settings_that_would_refuse_every_webhook_are_told(settings, algorithm, keys, found):
    settings.TWILIO_SIGNATURE_ALGORITHM, settings.TWILIO_SHARED_KEYS = algorithm, keys

    assert [message.id for message in webhooks_can_be_signed()] == found
