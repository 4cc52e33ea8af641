from django.apps import AppConfig


class CarriersConfig(AppConfig):
    """The carriers themselves have no tables; the app brings ``manage.py twilio_setup``."""

    name = "carriers"
