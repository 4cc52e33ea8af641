"""The one carrier of this process."""

from functools import lru_cache

from django.conf import settings

from carriers.base import Carrier
from carriers.twilio.client import TwilioCarrier


def carrier() -> Carrier:
    """The configured carrier; its SDK client and connection pool are kept for the life of the process."""
    return _twilio(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_BASE)


@lru_cache(maxsize=4)
def _twilio(account_sid: str, auth_token: str, api_base: str) -> TwilioCarrier:
    return TwilioCarrier(account_sid, auth_token, api_base=api_base)
