"""The composition root as a Django app."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.utils.translation import gettext_lazy as _


class ContactCenterConfig(AppConfig):
    name = "contactcenter"
    verbose_name = _("Contact centre")

    def ready(self) -> None:
        # Tasks published from any thread must find this Celery app, and never Celery's fallback on localhost.
        from contactcenter import celery, checks  # noqa: F401


class AdminConfig(DjangoAdminConfig):
    """Django's admin with our site in the place of its own."""

    default_site = "contactcenter.admin_site.Site"
