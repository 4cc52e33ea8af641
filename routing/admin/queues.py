"""Queues in the admin: where tasks wait, who serves them, and who that is while one types."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import actor, display, told, whole_number
from agents.admin_base import WorkspacePage, workspaces
from agents.models import Workspace
from kernel.actor import Actor
from routing import actions, explaining
from routing.admin.forms import QueueForm
from routing.admin.why import WhyPages, counted, crowd, person_line
from routing.explaining import wording
from routing.explaining.pages import Ask
from routing.explaining.staff import channel_names
from routing.models import TaskQueue
from routing.preview import matching


@admin.register(TaskQueue)
class QueueAdmin(WhyPages, WorkspacePage):
    """Where tasks wait, and who serves them. The page shows who that is while the expression is typed."""

    writes = "config:write"
    can_delete_rows = True
    form = QueueForm
    list_display = ["friendly_name", "expression", "waiting", "agents", "task_order"]
    search_fields = ["friendly_name", "sid", "target_workers"]
    ordering = ["friendly_name"]
    actions_detail = ["why"]
    why_template = "queue"
    why_title = _("What waits, and who could serve it")
    readonly_fields = ["matching_now", "sid", "created_at", "updated_at"]

    class Media:
        js = [forms.Script("admin_extra/match.js", type="module")]

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Count("tasks", filter=Q(tasks__assignment_status="pending"))
        return super().get_queryset(request).select_related("workspace__account").annotate(waiting_count=waiting)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        what = [*self.asked_workspace(request), "friendly_name", "target_workers", "matching_now"]
        how = (_("Serving"), {"fields": ["task_order", "max_reserved_workers"]})
        record = (_("Record"), {"fields": ["sid", "created_at", "updated_at"], "classes": ["collapse"]})
        return [(None, {"fields": what}), how, *([record] if obj else [])]

    def store(self, request: HttpRequest, row: TaskQueue | None, form: Any) -> TaskQueue:
        queue = row or TaskQueue(workspace=self.workspace(request, form))
        given = form.cleaned_data
        return actions.save_queue(
            queue,
            friendly_name=given["friendly_name"],
            target_workers=given["target_workers"],
            task_order=given["task_order"],
            max_reserved_workers=given["max_reserved_workers"],
            actor=actor(request, queue.workspace.account),
        )

    def remove(self, request: HttpRequest, row: TaskQueue) -> None:
        actions.delete_queue(row, actor=actor(request, row.workspace.account))

    def reasons(self, row: TaskQueue, *, actor: Actor, ask: Ask) -> dict[str, Any]:
        story = explaining.queue(row.sid, actor=actor, ask=ask)
        shown = story.channels[0]
        names = channel_names(row.workspace_id)
        told = wording.served(shown)
        return {
            "story": story,
            "headline": told if story.waiting or shown.never else gettext("Nothing waits in it."),
            "channel": names.get(story.channel, story.channel),
            "shares": [(share, names.get(share.name, share.name), wording.served(share)) for share in story.channels],
            "reasons": counted(shown.counts),
            **crowd(story.people, [person_line(each) for each in story.people.items], ask),
        }

    def get_urls(self) -> Any:
        return [
            path("match/", self.admin_site.admin_view(self.match), name="routing_taskqueue_match"),
            *super().get_urls(),
        ]

    def match(self, request: HttpRequest) -> HttpResponse:
        """A fragment: who matches ``?expression=`` in the workspace (or the only one), or where it is wrong."""
        rows = workspaces(request)
        wanted = whole_number(request.GET.get("workspace", ""))
        chosen = rows.first() if wanted is None else rows.filter(pk=wanted).first()
        if not self.has_view_permission(request) or chosen is None:
            return HttpResponse(status=404)
        return HttpResponse(_fragment(request.GET.get("expression", ""), chosen))

    @display(description=_("Agents that match now"))
    def matching_now(self, queue: TaskQueue) -> str:
        fragment = _fragment(queue.target_workers, queue.workspace) if queue.pk else ""
        workspace = queue.workspace_id or ""
        return format_html('<div id="cc-match" data-workspace="{}" aria-live="polite">{}</div>', workspace, fragment)

    @display(description=_("target workers"))
    def expression(self, queue: TaskQueue) -> str:
        return format_html('<code class="cc-code">{}</code>', queue.target_workers or "-")

    @display(description=_("Waiting"), ordering="waiting_count")
    def waiting(self, queue: Any) -> int:
        count: int = queue.waiting_count
        return count

    @display(description=_("Agents (free)"))
    def agents(self, queue: TaskQueue) -> str:
        crew = matching.crew(queue)
        return f"{len(crew)} ({sum(worker.available for worker in crew)})"


def _fragment(expression: str, workspace: Workspace) -> str:
    found = matching.match(expression, workspace=workspace)
    problem = told(found.problem) if found.problem else ""
    return render_to_string("admin/routing/match.html", {"found": found, "problem": problem})
