"""Answers in Twilio's markup."""

from twilio.twiml.messaging_response import MessagingResponse


def empty_response() -> str:
    """Says "taken, nothing to do": replies go out through the REST API.

    >>> empty_response()
    '<?xml version="1.0" encoding="UTF-8"?><Response />'
    """
    return str(MessagingResponse())
