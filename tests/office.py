"""For tests of the admin: a signed-in browser without JavaScript."""

from django.test import Client

from tests.people import House


def enter(home: House, name: str) -> Client:
    """That person, signed in."""
    client = Client()
    client.force_login(home.users[name], backend="django.contrib.auth.backends.ModelBackend")
    return client
