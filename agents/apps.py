"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    """Workspaces, activities, workers, capacity."""

    name = "agents"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"
