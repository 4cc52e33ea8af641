"""What a message may be. Twilio takes 1,600 characters in ``Body`` (error 21617 beyond)."""

BODY_LIMIT = 1600
HANDOFF_BYTES = 64 * 1024
ATTEMPTS = 8
VALIDITY_SECONDS = (1, 36_000)  # https://www.twilio.com/docs/messaging/api/message-resource, ValidityPeriod

# When the provider's list is searched for a message of unknown fate: so many seconds after one another.
LOOKS = (5.0, 25.0, 60.0)
# While the list cannot be read it is asked for again, this long; then the agent decides.
LOOK_NO_LONGER_SECONDS = 3600.0


def back_off_seconds(attempts: int, *, chance: float = 0.5) -> float:
    """The pause before attempt ``attempts + 1``: doubling from half a second to half a minute.

    ``chance``, between 0 and 1, moves it by a tenth at most, so that those who failed together do not come together.

    >>> [back_off_seconds(n) for n in (1, 2, 3, 10)]
    [0.5, 1.0, 2.0, 30.0]
    >>> back_off_seconds(2, chance=0.0), back_off_seconds(2, chance=1.0)
    (0.9, 1.1)
    """
    return float(min(30.0, 0.5 * 2 ** (min(attempts, 10) - 1))) * (0.9 + 0.2 * chance)


def look_after_seconds(looks: int) -> float | None:
    """The pause before look ``looks + 1`` through the list; ``None`` when what was not found then is not there.

    >>> [look_after_seconds(n) for n in (0, 2, 3)]
    [5.0, 60.0, None]
    """
    return LOOKS[looks] if looks < len(LOOKS) else None
