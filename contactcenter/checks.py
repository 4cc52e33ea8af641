"""What Django's own checks cannot know about this product's settings."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security, deploy=True)
def public_url_is_https(*_: Any, **__: Any) -> list[CheckMessage]:
    """Cookies, signatures and the provider's callbacks all rest on it."""
    if urlsplit(settings.PUBLIC_URL).scheme == "https":
        return []
    return [Caution("PUBLIC_URL is not https.", hint="Set it to what the world sees.", id="contactcenter.W001")]


@register(Tags.security, deploy=True)
def phones_are_closed(*_: Any, **__: Any) -> list[CheckMessage]:
    """Whoever reaches the simulated phones can write as any customer."""
    if not settings.TWIN_ENABLED:
        return []
    return [Caution("The simulated phones are on.", hint="Unset TWIN_ENABLED.", id="contactcenter.W002")]


@register()
def carrier_is_complete(*_: Any, **__: Any) -> list[CheckMessage]:
    """Half of the credentials is a typing error, never a plan."""
    if bool(settings.TWILIO_ACCOUNT_SID) == bool(settings.TWILIO_AUTH_TOKEN):
        return []
    return [Error("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN belong together.", id="contactcenter.E001")]


@register()
def webhooks_can_be_signed(*_: Any, **__: Any) -> list[CheckMessage]:
    """An algorithm that nobody knows, or that no key of ours is for, would refuse every webhook."""
    algorithm = settings.TWILIO_SIGNATURE_ALGORITHM
    if algorithm not in ("HMAC_SHA1", "HMAC_SHA256"):
        return [Error("TWILIO_SIGNATURE_ALGORITHM is HMAC_SHA1 or HMAC_SHA256.", id="contactcenter.E002")]
    if algorithm == "HMAC_SHA256" and not settings.TWILIO_SHARED_KEYS:
        return [Error("TWILIO_SIGNATURE_ALGORITHM=HMAC_SHA256 needs TWILIO_SHARED_KEYS.", id="contactcenter.E003")]
    return []
