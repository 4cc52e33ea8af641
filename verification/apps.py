"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    """Verification."""

    name = "verification"
    verbose_name = _("Verification")
    default_auto_field = "django.db.models.BigAutoField"
