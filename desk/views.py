"""The desk's page, and the older messages that it asks for while one scrolls."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts.models import User
from agents.queries import actor_for, worker_for
from conversations import queries
from kernel.errors import DomainError

PAGE = 50


@login_required
@never_cache
@ensure_csrf_cookie
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """The shell; everything that lives comes over the socket."""
    user = _user(request)
    worker = worker_for(user)
    actor = actor_for(user)
    boot = {
        "worker": {"sid": worker.sid, "friendly_name": worker.friendly_name} if worker else None,
        "role": actor.role,
        "language": translation.get_language() or "en",
        "socket_path": "/ws/desk",
        "messages_url": "/desk/conversations/{sid}/messages",
        "csrf_token": get_token(request),
    }
    return render(request, "desk/desk.html", {"worker": worker, "boot": boot, "role": actor.role})


@login_required
@never_cache
@require_safe
def messages(request: HttpRequest, sid: str) -> JsonResponse:
    """A page of messages before ``before``, oldest first."""
    try:
        conversation = queries.conversation(sid, actor=actor_for(_user(request)))
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    before = request.GET.get("before", "")
    limit = request.GET.get("limit", "")
    size = min(int(limit), queries.PAGE_LIMIT) if limit.isdecimal() and len(limit) < 6 else PAGE
    start = int(before) if before.isdecimal() and len(before) < 10 else None
    rows = queries.messages(conversation, before=start, limit=size)
    return JsonResponse({"messages": rows, "has_more": bool(rows) and rows[0]["index"] > 1})


def _user(request: HttpRequest) -> User:
    """The signed-in person; `login_required` has let nobody else in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type
    return user
