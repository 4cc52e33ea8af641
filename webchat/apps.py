"""Django's registration of the package."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebChatConfig(AppConfig):
    """Web chat."""

    name = "webchat"
    verbose_name = _("Web chat")
    default_auto_field = "django.db.models.BigAutoField"
