"""The chat's pages: the script for foreign sites, the frame that it opens, a shop to try it in."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from csp.constants import SELF
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversations.core import attachments, names
from conversations.core.limits import BODY_LIMIT
from conversations.models import Address
from conversations.views import given_file, serve, serve_thumbnail
from kernel.actor import Actor
from kernel.errors import DomainError, Forbidden, Invalid, NotAuthenticated, NotFound
from webchat import actions, core, prechat, queries, words
from webchat.models import Deployment, Visitor

DEMO = "demo"
TOKEN_HEADER = "X-Chat-Token"  # noqa: S105 - the header's name


@require_GET
@cache_control(public=True, max_age=300)
def widget(_: HttpRequest) -> HttpResponse:
    """The script that a site embeds; it finds out from its own address whom to talk to."""
    boot = {"words": words.launcher(), "frame": reverse("chat-frame")}
    text = render_to_string("webchat/widget.js", {"boot": json.dumps(boot)})
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_GET
@never_cache
@xframe_options_exempt
def frame(request: HttpRequest) -> HttpResponse:
    """The chat, for an iframe of those sites that the deployment allows; the policy below replaces X-Frame-Options.

    ``parent`` is the embedding page's origin as our script tells it. A page that tells none, or another than its own,
    is kept out by its browser alone.
    """
    language = _language(request)
    with translation.override(language):
        try:
            address = queries.deployment_address(request.GET.get("deployment", ""))
            _require_site(address, request.GET.get("parent", ""))
        except DomainError as error:
            return _refusal_page(request, error)
        boot = _boot(address, deployment=request.GET["deployment"], language=language)
        greeting = boot["greeting"]
        response = render(request, "webchat/frame.html", {"boot": boot, "address": address, "greeting": greeting})
    response["Content-Language"] = language
    return _framed(response, [SELF, *queries.frame_ancestors(address)])


@require_GET
@never_cache
def demo(request: HttpRequest) -> HttpResponse:
    """A little shop with the one line in it."""
    return render(request, "webchat/demo.html", {"deployment": DEMO, "public_url": settings.PUBLIC_URL})


@csrf_exempt
@require_POST
def begin(request: HttpRequest) -> JsonResponse:
    """A visitor begins: ``{"deployment", "name"?, "answers"?}`` → ``{"sid", "token"}``.

    Exempt from the form token because nobody is signed in here; only our own pages may ask, told by Origin.
    """
    try:
        if request.headers.get("Origin") not in settings.TRUSTED_ORIGINS:
            raise Forbidden("Chats are begun from our own pages only.", code="origin")
        given = _given(request)
        address = queries.deployment_address(_text(given, "deployment"))
        remote = request.META.get("REMOTE_ADDR", "")
        answers = given.get("answers", {})
        if not isinstance(answers, dict):
            raise Invalid("%(field)s is an object.", field="answers", params={"field": "answers"})
        visitor, token = actions.begin(address, name=_text(given, "name"), answers=answers, remote_address=remote)
    except DomainError as error:
        return _refusal(error)
    response = JsonResponse({"sid": visitor.sid, "token": token}, status=201)
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
def bring(request: HttpRequest) -> JsonResponse:
    """A file of the visitor's, as the field ``file`` of a form: it waits for the visitor's next words."""
    try:
        visitor = _visitor(request)
        given = given_file(request)
        made = actions.bring(visitor, name=given.name or "", content=given.read())
    except DomainError as error:
        return _refusal(error)
    kept = {"sid": made.sid, "name": made.name, "content_type": made.content_type, "size": made.size}
    return JsonResponse({"file": kept}, status=201)


@csrf_exempt
@require_http_methods(["DELETE"])
def take_back(request: HttpRequest, sid: str) -> HttpResponse:
    """The file is not to be sent after all."""
    try:
        actions.take_back(_visitor(request), sid)
    except DomainError as error:
        return _refusal(error)
    return HttpResponse(status=204)


@require_GET
def media(request: HttpRequest, sid: str) -> HttpResponseBase:
    """A file of the visitor's own conversations; the token comes in a header, so the page fetches it as a blob."""
    return serve(sid, actor=_reader(request, sid))


@require_GET
def thumbnail(request: HttpRequest, sid: str) -> HttpResponseBase:
    """The small picture of such a file."""
    return serve_thumbnail(sid, actor=_reader(request, sid))


def _visitor(request: HttpRequest) -> Visitor:
    """Who asks from a page of ours; no browser sends the token's header for another page."""
    visitor = queries.visitor_of(request.headers.get(TOKEN_HEADER))
    if visitor is None:
        raise NotAuthenticated("This chat has ended. Begin a new one.")
    return visitor


def _reader(request: HttpRequest, sid: str) -> Actor:
    visitor = queries.visitor_of(request.headers.get(TOKEN_HEADER))
    if visitor is None:
        raise Http404
    try:
        return queries.reader(queries.own_media(visitor, sid), visitor)
    except NotFound as error:
        raise Http404 from error


def _boot(address: Address, *, deployment: str, language: str) -> dict[str, Any]:
    standing = queries.deployment(address)
    return {
        "deployment": deployment,
        "greeting": _said(standing, "greeting", language),
        "closed": _said(standing, "closed", language),
        "hours": queries.hours(standing),
        "fields": prechat.shown(standing.fields if standing else [], language=language),
        "title": address.friendly_name,
        "language": language,
        "socket_path": "/ws/chat",
        "sessions_url": reverse("chat-sessions"),
        "files_url": reverse("chat-files"),
        "file_limits": attachments.limits_payload()["webchat"],
        "token_header": TOKEN_HEADER,
        "body_limit": BODY_LIMIT,
        "name_limit": names.LIMIT,
        "words": words.chat(),
    }


def _said(standing: Deployment | None, text: str, language: str) -> str:
    """The deployment's own words, in that language or in English; empty for ours."""
    if standing is None:
        return ""
    own: str = getattr(standing, f"{text}_{language}", "")
    return own or str(getattr(standing, f"{text}_en"))


def _require_site(address: Address, origin: str) -> None:
    """Raises ``Forbidden`` for a page on a site that is neither ours nor allowed."""
    # Ours by their public name: a proxy may ask us by another.
    is_ours = not origin or origin in settings.TRUSTED_ORIGINS
    if is_ours or core.may_stand_on(origin, queries.frame_ancestors(address)):
        return
    raise Forbidden(
        "The web chat %(name)s may not stand on %(origin)s. Add this site to its allowed sites: "
        "in the admin, under Web chats.",
        code="origin",
        params={"name": address.address.removeprefix("webchat:"), "origin": origin[:200]},
    )


def _refusal_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Says why to the script around it, on whichever site that is, and nothing else."""
    response = render(request, "webchat/refused.html", {"reason": _in_words(error)}, status=error.status)
    return _framed(response, ["*"])


def _framed(response: HttpResponse, ancestors: Sequence[str]) -> HttpResponse:
    """These may frame it, also where they isolate themselves (``Cross-Origin-Embedder-Policy: require-corp``)."""
    policy: Any = response
    policy._csp_replace = {"frame-ancestors": ancestors}
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _language(request: HttpRequest) -> str:
    """What the embedding page asks for, or what the browser prefers."""
    asked = request.GET.get("language", "")
    known = [code for code, _ in settings.LANGUAGES if code == asked]
    return known[0] if known else translation.get_language() or settings.LANGUAGE_CODE


def _given(request: HttpRequest) -> Mapping[str, Any]:
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is a JSON object.") from error
    if not isinstance(given, dict):
        raise Invalid("The body is a JSON object.")
    return given


def _text(given: Mapping[str, Any], field: str) -> str:
    value = given.get(field, "")
    if not isinstance(value, str):
        raise Invalid("%(field)s is a text.", field=field, params={"field": field})
    return value


def _refusal(error: DomainError) -> JsonResponse:
    said = {"code": error.code, "message": _in_words(error), "field": error.field}
    response = JsonResponse(said, status=error.status)
    wait = getattr(error, "wait", None)
    if wait:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def _in_words(error: DomainError) -> str:
    text = translation.gettext(error.message)
    return text % error.params if error.params else text
