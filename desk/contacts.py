"""The customer's pane: who it is, what we know, what was said before; and what an agent may change of it.

Forms with fields of their own need an answer that names the field, so these go by HTTP and not over the socket.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from agents.queries import actor_for, worker_for
from conversations import actions
from conversations.models import Contact
from conversations.queries import contacts as contact_queries
from kernel.actor import Actor
from kernel.errors import DomainError, Invalid, NotFound

View = Callable[..., HttpResponse]
Given = Mapping[str, Any]
_LONGEST = 20_000


def answered(view: View) -> View:
    """Only for people who are signed in; a refusal is told in their language, with the field to mend."""

    @login_required
    @never_cache
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - `login_required` has let nobody else in
        try:
            return view(request, actor_for(user), *args, **kwargs)
        except DomainError as error:
            message = gettext(error.message) % error.params if error.params else gettext(error.message)
            told = {"code": error.code, "field": error.field, "message": message}
            return JsonResponse(told, status=error.status)

    return checked


@answered
@require_safe
def found(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Contacts by name, number or field; ``but`` is left out."""
    user = request.user
    worker = worker_for(user) if isinstance(user, User) else None
    if worker is None:
        raise NotFound("You are no worker.")
    words, but = request.GET.get("q", "")[:100], request.GET.get("but", "")
    rows = contact_queries.search(words, workspace=worker.workspace, actor=actor, but=but) if words.strip() else []
    return JsonResponse({"contacts": rows})


@answered
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, actor: Actor, sid: str) -> HttpResponse:
    """The card; a POST of ``{"do": …}`` changes it first."""
    contact = contact_queries.contact(sid, actor=actor)
    if request.method == "POST":
        given = _document(request)
        verb = VERBS.get(str(given.get("do")))
        if verb is None:
            raise Invalid("There is no command %(name)s.", field="do", params={"name": str(given.get("do"))[:64]})
        verb(contact, given, actor)
        contact = contact_queries.contact(sid, actor=actor)
    return JsonResponse({"contact": contact_queries.contact_payload(contact, actor=actor)})


@answered
@require_safe
def past(request: HttpRequest, actor: Actor, sid: str) -> HttpResponse:
    """A page of the customer's conversations, newest first; ``before`` is the last one of the page above."""
    contact = contact_queries.contact(sid, actor=actor)
    rows = contact_queries.history(contact, actor=actor, before=request.GET.get("before", ""))
    return JsonResponse({"conversations": rows, "has_more": len(rows) == contact_queries.PAGE_LIMIT})


def _save(contact: Contact, given: Given, actor: Actor) -> None:
    """Name and fields together, or nothing."""
    values = given.get("fields")
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Invalid("%(field)s is an object of texts.", field="fields", params={"field": "fields"})
    with transaction.atomic():
        named = actions.rename_contact(contact, name=_text(given, "name"), actor=actor)
        actions.set_fields(named, values=values, actor=actor)


def _block(contact: Contact, given: Given, actor: Actor) -> None:
    actions.block(contact, reason=_text(given, "reason"), actor=actor)


def _unblock(contact: Contact, _given: Given, actor: Actor) -> None:
    actions.unblock(contact, actor=actor)


def _merge(contact: Contact, given: Given, actor: Actor) -> None:
    actions.merge(contact, other=contact_queries.contact(_text(given, "other"), actor=actor), actor=actor)


def _split(contact: Contact, given: Given, actor: Actor) -> None:
    actions.split(contact, address=_text(given, "address"), actor=actor)


def _undo(_contact: Contact, given: Given, actor: Actor) -> None:
    actions.undo(contact_queries.change(_text(given, "change"), actor=actor), actor=actor)


VERBS: dict[str, Callable[[Contact, Given, Actor], None]] = {
    "save": _save,
    "block": _block,
    "unblock": _unblock,
    "merge": _merge,
    "split": _split,
    "undo": _undo,
}


def _document(request: HttpRequest) -> Given:
    try:
        given = json.loads(request.body) if len(request.body) <= _LONGEST else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid("Send a JSON object.")
    return given


def _text(given: Given, field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or "\0" in value:
        raise Invalid("%(field)s is a text.", field=field, params={"field": field})
    return value
