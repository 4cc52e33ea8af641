"""Pages that belong to no package: signing out, and a person's own page."""

from http import HTTPStatus
from typing import Any, cast

from allauth.account.views import password_change
from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from accounts import actions, queries
from accounts.core import browser_name
from accounts.models import User
from eventlog import live


class SignOut(LogoutView):
    """Signing out ends the person's open sockets of this session at once, not at their next heartbeat."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user_sid = getattr(request.user, "sid", "")
        response = super().post(request, *args, **kwargs)
        if user_sid:
            live.revoke(user_sid)
        return response


class OwnPage(IndexView):  # type: ignore[misc]
    """A person's password, second factors and sessions."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = cast(User, self.request.user)
        sessions = [
            {
                "pk": session.pk,
                "browser": browser_name(session.user_agent) or gettext("another program"),
                "ip": session.ip,
                "created_at": session.created_at,
                "is_current": session.is_current(),
            }
            for session in queries.sessions(user)
        ]
        own = {"sessions": sessions, "factor_missing": queries.lacks_factor(user)}
        return {**super().get_context_data(**kwargs), **own}


@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """One's own password. The other sessions end, and their open screens close at once."""
    response = cast(HttpResponse, password_change(request))
    if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
        live.revoke(cast(User, request.user).sid)
    return response


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of one's own other browsers out."""
    user = cast(User, request.user)
    session = get_object_or_404(UserSession, pk=pk, user=user)
    actions.end_session(session, actor=queries.actor_for_user(user))
    messages.info(request, gettext("That browser is signed out."))
    return redirect("mfa_index")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign all of one's own other browsers out."""
    user = cast(User, request.user)
    ended = actions.end_sessions(user, but=request.session.session_key or "", actor=queries.actor_for_user(user))
    words = ngettext("%(count)s other browser is signed out.", "%(count)s other browsers are signed out.", ended)
    messages.info(request, words % {"count": ended})
    return redirect("mfa_index")
