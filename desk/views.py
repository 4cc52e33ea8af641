"""The desk's page, and the older messages that it asks for while one scrolls."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from agents.queries import actor_for, worker_for
from conversations import actions, queries
from conversations.core import attachments
from conversations.payloads import upload_payload
from conversations.queries import templates as template_queries
from conversations.queries.scheduled import waiting_in
from conversations.views import given_file
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
        "files_url": "/desk/conversations/{sid}/files",
        "file_url": "/desk/files/{sid}",
        "file_limits": attachments.limits_payload(),
        "templates_url": "/desk/conversations/{sid}/templates",
        "contacts_url": "/desk/contacts",
        "csrf_token": get_token(request),
    }
    return render(request, "desk/desk.html", {"worker": worker, "boot": boot, "role": actor.role})


@login_required
@never_cache
@require_safe
def messages(request: HttpRequest, sid: str) -> JsonResponse:
    """A page of messages before ``before``, oldest first, and what is to be said later."""
    try:
        conversation = queries.conversation(sid, actor=actor_for(_user(request)))
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    before = request.GET.get("before", "")
    limit = request.GET.get("limit", "")
    size = min(int(limit), queries.PAGE_LIMIT) if limit.isdecimal() and len(limit) < 6 else PAGE
    start = int(before) if before.isdecimal() and len(before) < 10 else None
    rows = queries.messages(conversation, before=start, limit=size)
    later = waiting_in([conversation.sid])
    return JsonResponse({"messages": rows, "has_more": bool(rows) and rows[0]["index"] > 1, "scheduled": later})


@login_required
@never_cache
@require_safe
def templates(request: HttpRequest, sid: str) -> JsonResponse:
    """The templates that may be sent here and have the words ``q``."""
    try:
        conversation = queries.conversation(sid, actor=actor_for(_user(request)))
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    search = request.GET.get("q", "")[:200].replace("\0", "")
    page = template_queries.sendable(conversation, search=search, language=(translation.get_language() or "en")[:2])
    return JsonResponse(page)


@login_required
@never_cache
@require_POST
def upload(request: HttpRequest, sid: str) -> JsonResponse:
    """A file for the customer, as the field ``file`` of a form: it waits for the agent's next message."""
    try:
        actor = actor_for(_user(request))
        conversation = queries.conversation(sid, actor=actor)
        given = given_file(request)
        made = actions.upload(conversation, name=given.name or "", content=given.read(), actor=actor)
    except DomainError as error:
        return _refusal(error)
    return JsonResponse({"file": upload_payload(made)}, status=201)


@login_required
@never_cache
@require_http_methods(["DELETE"])
def discard_upload(request: HttpRequest, sid: str) -> HttpResponse:
    """The file is not to be sent after all."""
    actions.discard_upload(sid, actor=actor_for(_user(request)))
    return HttpResponse(status=204)


def _refusal(error: DomainError) -> JsonResponse:
    text = translation.gettext(error.message)
    message = text % error.params if error.params else text
    return JsonResponse({"code": error.code, "message": message, "field": error.field}, status=error.status)


def _user(request: HttpRequest) -> User:
    """The signed-in person; `login_required` has let nobody else in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type
    return user
