"""What Django's own checks cannot know about this product's settings."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.utils.module_loading import import_string


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


# Lists and tables of dotted paths; of a table of times the paths are the keys.
_BY_NAME = (
    "ACCESS_LISTENERS",
    "CALENDAR_USERS",
    "EVENT_SINKS",
    "HOOK_LETTERS",
    "PERSONAL_DATA_KEEPERS",
    "PUMP_SERVICES",
    "PUMP_TIMERS",
)


@register(deploy=True)
def what_is_named_is_there(*_: Any, **__: Any) -> list[CheckMessage]:
    """What the settings name by its path is looked up when it is needed, which may be months after it was renamed."""
    missing = [(name, path) for name in _BY_NAME for path in _paths(getattr(settings, name)) if not _is_there(path)]
    return [Error(f"{name} names {path}, which is not there.", id="contactcenter.E004") for name, path in missing]


def _paths(named: Any) -> list[str]:
    if not isinstance(named, dict):
        return list(named)
    return [each for pair in named.items() for each in pair if isinstance(each, str) and "." in each]


def _is_there(path: str) -> bool:
    try:
        import_string(path)
    except ImportError:
        return False
    return True
