import pytest

from contactcenter.checks import webhooks_can_be_signed, what_is_named_is_there


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


def test_all_that_the_settings_name_is_there():
    assert what_is_named_is_there() == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("PERSONAL_DATA_KEEPERS", ["webchat.actions.forget_visitors", "webchat.actions.renamed"]),
        ("PUMP_TIMERS", {"eventlog.timers.prune": 5, "webchat.actions.renamed": 1}),
        ("HOOK_LETTERS", {"webhook": "webchat.actions.renamed"}),
    ],
)
def test_what_was_renamed_is_told_with_the_setting_that_still_names_it(settings, name, given):
    setattr(settings, name, given)

    (error,) = what_is_named_is_there()

    assert error.id == "contactcenter.E004"
    assert error.msg == f"{name} names webchat.actions.renamed, which is not there."
