"""What the editor of a workflow says while one types: who serves each target, and what the checks find."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import path

from agents.admin_base import workspaces
from agents.models import Workspace
from hours import queries as hours
from routing import checks, editor, matching
from routing.admin_pages import WorkflowPages
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import DEFAULT_RESERVATION_TIMEOUT, Workflow

ABOUT_ALL = "workflow"


class LivePage(WorkflowPages):
    """The address that the editor's script asks."""

    def get_urls(self) -> Any:
        look = self.admin_site.admin_view(self.look)
        return [path("look/", look, name="routing_workflow_look"), *super().get_urls()]

    def look(self, request: HttpRequest) -> HttpResponse:
        """``{"says": {place: html}, "crews": {place: html}, "list": html, "stands": bool}`` of the posted ``rules`` or
        ``configuration``. A place is ``<filter>``, ``<filter>-<target>``, ``default`` or ``workflow``.

        Nothing is written; it is a POST because a document is too long for an address. ``stands`` is False while there
        is a mistake in it: then it alone is told.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        workspace = self._workspace(request)
        rows, text = _posted(request)
        around = checks.surroundings(workspace, reservation_timeout=_timeout(request, workspace))
        crews = {place: _html("crew", crew=crew) for place, crew in matching.crews(rows, around).items()}
        try:
            workflow = parse_workflow(text, queues=around.queues, calendars=hours.names(workspace))
        except ConfigurationError as error:
            found, stands = [checks.refusal(error)], False
        else:
            found, stands = checks.warnings(workflow, around), True
        told = {"says": _by_row(found, rows), "list": _html("says", warnings=found, places=True), "stands": stands}
        return JsonResponse({"crews": crews, **told})

    def _workspace(self, request: HttpRequest) -> Workspace:
        """That of the workflow, the chosen one, or the only one."""
        rows = workspaces(request)
        wanted, workflow = request.POST.get("workspace", ""), request.POST.get("workflow", "")
        if workflow.isdigit():
            found: Workspace | None = rows.filter(workflows__pk=workflow).first()
        else:
            found = rows.filter(pk=wanted).first() if wanted.isdigit() else rows.first()
        if found is None or not self.has_view_permission(request):
            raise Http404
        return found


def _posted(request: HttpRequest) -> tuple[editor.Row, str]:
    if "configuration" in request.POST:
        text = request.POST["configuration"]
        return editor.rows_of(text), text
    rows = editor.posted_rows(request.POST, "rules")
    return rows, editor.text_of(rows)


def _timeout(request: HttpRequest, workspace: Workspace) -> int:
    given, workflow = request.POST.get("timeout", ""), request.POST.get("workflow", "")
    if workflow.isdigit():
        return Workflow.objects.get(workspace=workspace, pk=workflow).task_reservation_timeout
    return int(given) if given.isdigit() and len(given) < 7 else DEFAULT_RESERVATION_TIMEOUT


def _by_row(warnings: list[checks.Warning], rows: editor.Row) -> dict[str, str]:
    grouped: dict[str, list[checks.Warning]] = {}
    for warning in warnings:
        grouped.setdefault(_row(warning.path, rows), []).append(warning)
    return {place: _html("says", warnings=found, places=False) for place, found in grouped.items()}


def _row(path: str, rows: editor.Row) -> str:
    """The row of the form in which a place of the document stands."""
    if "default_filter" in path:
        return "default"
    numbers = checks.numbers(path)
    if not numbers or numbers[0] >= len(rows["filters"]):
        return ABOUT_ALL
    rule = rows["filters"][numbers[0]]
    if len(numbers) > 1 and numbers[1] < len(rule["targets"]):
        return f"{rule['id']}-{rule['targets'][numbers[1]]['id']}"
    return str(rule["id"])


def _html(template: str, **context: Any) -> str:
    return render_to_string(f"admin/routing/{template}.html", context)
