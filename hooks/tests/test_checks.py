"""The allow-list is read at the start."""

from hooks.checks import egress_allow_is_readable


def test_a_typing_error_in_the_allow_list_is_an_error(settings):
    settings.EGRESS_ALLOW = ["10.0.0.0/8", "bot.internal"]

    (error,) = egress_allow_is_readable()
    assert (error.id, "bot.internal" in error.msg) == ("hooks.E001", True)

    settings.EGRESS_ALLOW = ["10.0.0.0/8", "bot.internal:80"]
    assert egress_allow_is_readable() == []
