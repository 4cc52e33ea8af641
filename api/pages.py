"""The OpenAPI document, and the page that shows it. Both are open to everybody who can reach the product."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiYamlRenderer

from api import openapi


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """JSON; YAML with ``?format=yaml``."""
    if request.GET.get("format") == "yaml":
        renderer: Any = OpenApiYamlRenderer()
        text = renderer.render(openapi.document())
        return HttpResponse(text, content_type="application/yaml")
    return JsonResponse(openapi.document(), content_type="application/vnd.oai.openapi+json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The document for reading and trying, from our own static files alone."""
    return render(request, "api/docs.html")
