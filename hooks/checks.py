"""A typing error in the operator's allow-list stops the start, not the first webhook."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from kernel.addresses import Allowed


@register(Tags.security)
def egress_allow_is_readable(*_: Any, **__: Any) -> list[CheckMessage]:
    try:
        Allowed.parse(settings.EGRESS_ALLOW)
    except ValueError as error:
        return [Error(f"EGRESS_ALLOW: {error}", hint="List networks (10.1.0.0/16) or host:port.", id="hooks.E001")]
    return []
