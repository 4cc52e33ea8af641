"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


def product(_request: HttpRequest) -> dict[str, Any]:
    """The product's name, and whether the simulated phones are there to be linked."""
    return {"product_name": _("Contact centre"), "twin_enabled": settings.TWIN_ENABLED}
