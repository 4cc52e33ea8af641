"""For tests of the admin: a signed-in browser without JavaScript, and static files without a manifest."""

from typing import Any

import pytest
from django.test import Client

from tests.people import House


def enter(home: House, name: str) -> Client:
    """That person, signed in."""
    client = Client()
    client.force_login(home.users[name], backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def plain_static(settings: Any) -> None:
    """Pages are rendered without ``collectstatic``."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
