"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TaskRouterConfig(AppConfig):
    """TaskRouter's REST API."""

    name = "taskrouter"
    verbose_name = _("TaskRouter API")
