"""TaskRouter under a host of its own, as Twilio has it: ``https://taskrouter.cc.example.com/v1/…``."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class OwnHost:
    """On ``taskrouter.<domain>`` there is TaskRouter and nothing else. ``ALLOWED_HOSTS`` must name that host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.get_host().lower().startswith("taskrouter."):
            request.urlconf = "taskrouter.urls"
        return self._get_response(request)
