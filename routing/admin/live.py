"""What the editor of a workflow says while one types: who serves each target, and what the checks find."""

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import path

from accounts.admin_base import whole_number
from agents.admin_base import workspaces
from agents.models import Workspace
from hours import queries as hours
from routing.admin.forms import RulesWidget
from routing.admin.pages import WorkflowPages
from routing.core.checks import Surroundings
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import DEFAULT_RESERVATION_TIMEOUT, Workflow
from routing.preview import checks, editor, matching


class LivePage(WorkflowPages):
    """The address that the editor's script asks."""

    def get_urls(self) -> Any:
        look = self.admin_site.admin_view(self.look)
        return [path("look/", look, name="routing_workflow_look"), *super().get_urls()]

    def look(self, request: HttpRequest) -> HttpResponse:
        """What is found in the posted ``rules`` or ``configuration``; nothing is written.

        ``says`` and ``crews`` are html by rows, called as `editor.row_of` does; ``list`` and ``summary`` tell of all.
        ``stands`` is False while there is a mistake: then it alone is told, and ``wrong`` is the field that it is
        in. ``document`` is the text that the rows make, ``rules`` are the rows that the document makes, as html.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        workspace = self._workspace(request)
        rows, text = _posted(request)
        around = checks.surroundings(workspace, reservation_timeout=_timeout(request, workspace))
        crews = {row: _html("crew", crew=crew) for row, crew in matching.crews(rows, around).items()}
        wrong = ""
        try:
            workflow = parse_workflow(text, queues=around.queues, calendars=hours.names(workspace))
        except ConfigurationError as error:
            found, stands = [checks.refusal(error)], False
            wrong = editor.field_of(error.path, rows)
        else:
            found, stands = checks.warnings(workflow, around), True
        said = checks.gathered(found, rows)
        told = {
            "crews": crews,
            "says": _by_row(found, rows),
            "list": _html("found", said=said),
            "summary": _html("found_summary", counts=Counter(each.warning.severity for each in said)),
            "wrong": wrong and f"rules-{wrong}",
            "stands": stands,
        }
        return JsonResponse(told | self._other(request, around, rows, text))

    def _other(self, request: HttpRequest, around: Surroundings, rows: editor.Row, text: str) -> dict[str, str]:
        """The other of the two ways to see the workflow, which follows the one that is written."""
        if "configuration" not in request.POST:
            return {"document": text}
        if not editor.is_document(text):
            return {}
        widget = RulesWidget()
        widget.queues = sorted(((sid, queue.name) for sid, queue in around.queues.items()), key=lambda pair: pair[1])
        return {"rules": widget.render("rules", rows)}

    def _workspace(self, request: HttpRequest) -> Workspace:
        """That of the workflow, the chosen one, or the only one."""
        rows = workspaces(request)
        wanted, workflow = (whole_number(request.POST.get(name, "")) for name in ("workspace", "workflow"))
        if workflow is not None:
            found: Workspace | None = rows.filter(workflows__pk=workflow).first()
        else:
            found = rows.first() if wanted is None else rows.filter(pk=wanted).first()
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
    given, workflow = (whole_number(request.POST.get(name, "")) for name in ("timeout", "workflow"))
    if workflow is not None:
        return Workflow.objects.get(workspace=workspace, pk=workflow).task_reservation_timeout
    return DEFAULT_RESERVATION_TIMEOUT if given is None else given


def _by_row(warnings: list[checks.Warning], rows: editor.Row) -> dict[str, str]:
    grouped: dict[str, list[checks.Warning]] = {}
    for warning in warnings:
        grouped.setdefault(editor.row_of(warning.path, rows), []).append(warning)
    return {row: _html("says", warnings=found) for row, found in grouped.items()}


def _html(template: str, **context: Any) -> str:
    return render_to_string(f"admin/routing/{template}.html", context)
