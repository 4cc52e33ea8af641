"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventLogConfig(AppConfig):
    """The event log."""

    name = "eventlog"
    verbose_name = _("Event log")
    default_auto_field = "django.db.models.BigAutoField"
