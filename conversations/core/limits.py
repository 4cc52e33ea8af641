"""What a message may be. Twilio takes 1,600 characters in ``Body`` (error 21617 beyond)."""

BODY_LIMIT = 1600
HANDOFF_BYTES = 64 * 1024
ATTEMPTS = 8


def back_off_seconds(attempts: int) -> float:
    """The pause before attempt ``attempts + 1``: doubling from half a second to half a minute.

    >>> [back_off_seconds(n) for n in (1, 2, 3, 10)]
    [0.5, 1.0, 2.0, 30.0]
    """
    return float(min(30.0, 0.5 * 2 ** (attempts - 1)))
