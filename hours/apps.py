"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HoursConfig(AppConfig):
    """Business calendars."""

    name = "hours"
    verbose_name = _("Business hours")
    default_auto_field = "django.db.models.BigAutoField"
