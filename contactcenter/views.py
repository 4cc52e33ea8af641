"""Pages that belong to no package."""

from typing import Any

from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse

from eventlog import live


class SignOut(LogoutView):
    """Signing out ends the person's open sockets of this session at once, not at their next heartbeat."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user_sid = getattr(request.user, "sid", "")
        response = super().post(request, *args, **kwargs)
        if user_sid:
            live.revoke(user_sid)
        return response
