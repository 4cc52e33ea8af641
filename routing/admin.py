"""Queues, workflows and tasks in the admin."""

import json
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

from accounts.admin_base import (
    DANGER,
    Label,
    ModelAdmin,
    Question,
    TabularInline,
    TextInputWidget,
    action,
    actor,
    column,
    display,
    told,
)
from agents.admin_base import WorkspacePage, workspaces
from agents.models import Workspace
from kernel import clock
from routing import actions, editor, matching, queries
from routing.core.states import TASK, TASK_LIVE
from routing.forms import QueueForm, WorkflowForm
from routing.models import MAX_PRIORITY, Reservation, Task, TaskQueue, Workflow

TASK_LABELS = {
    "pending": "warning",
    "reserved": "info",
    "assigned": "success",
    "wrapping": "info",
    "completed": "default",
    "canceled": "danger",
}
WORDS = {
    "pending": _("waiting"),
    "reserved": _("offered"),
    "assigned": _("in hand"),
    "wrapping": _("wrapping up"),
    "completed": _("completed"),
    "canceled": _("canceled"),
    "accepted": _("accepted"),
    "rejected": _("rejected"),
    "timeout": _("not answered"),
    "rescinded": _("withdrawn"),
}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=255, widget=TextInputWidget)


class PriorityForm(forms.Form):
    """How urgent."""

    priority = forms.IntegerField(
        label=_("priority"), min_value=0, max_value=MAX_PRIORITY, widget=TextInputWidget({"inputmode": "numeric"})
    )


@admin.register(TaskQueue)
class QueueAdmin(WorkspacePage):
    """Where tasks wait, and who serves them. The page shows who that is while the expression is typed."""

    writes = "config:write"
    can_delete_rows = True
    form = QueueForm
    list_display = ["friendly_name", "expression", "waiting", "agents", "task_order"]
    search_fields = ["friendly_name", "sid", "target_workers"]
    ordering = ["friendly_name"]
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

    def get_urls(self) -> Any:
        return [
            path("match/", self.admin_site.admin_view(self.match), name="routing_taskqueue_match"),
            *super().get_urls(),
        ]

    def match(self, request: HttpRequest) -> HttpResponse:
        """A fragment: who matches ``?expression=`` in the workspace (or the only one), or where it is wrong."""
        rows = workspaces(request)
        wanted = request.GET.get("workspace", "")
        chosen = rows.filter(pk=wanted).first() if wanted.isdigit() else rows.first()
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
        return f"{len(crew)} ({sum(worker.activity.available for worker in crew)})"


def _fragment(expression: str, workspace: Workspace) -> str:
    found = matching.match(expression, workspace=workspace)
    problem = told(found.problem) if found.problem else ""
    return render_to_string("admin/routing/match.html", {"found": found, "problem": problem})


@admin.register(Workflow)
class WorkflowAdmin(WorkspacePage):
    """From a task's attributes to its queue, priority and timeouts."""

    writes = "config:write"
    can_delete_rows = True
    form = WorkflowForm
    list_display = ["friendly_name", "filters", "task_reservation_timeout", "live_tasks", "updated_at"]
    search_fields = ["friendly_name", "sid"]
    ordering = ["friendly_name"]
    readonly_fields = ["sid", "version", "created_at", "updated_at"]
    change_form_before_template = "admin/routing/seen_version.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        live = Count("tasks", filter=Q(tasks__assignment_status__in=TASK_LIVE))
        return super().get_queryset(request).select_related("workspace__account").annotate(live_count=live)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [*self.asked_workspace(request), "friendly_name", "task_reservation_timeout"]
        record = (_("Record"), {"fields": self.readonly_fields, "classes": ["tab"]})
        return [
            (None, {"fields": names}),
            (_("Filters"), {"fields": ["rules"], "classes": ["tab"]}),
            (_("Document (JSON)"), {"fields": ["configuration", "source"], "classes": ["tab"]}),
            *([record] if obj else []),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        rows = TaskQueue.objects.filter(workspace__in=workspaces(request)).select_related("workspace")
        made.queues = tuple(rows.order_by("workspace", "friendly_name"))
        return made

    def store(self, request: HttpRequest, row: Workflow | None, form: Any) -> Workflow:
        workflow = row or Workflow(workspace=self.workspace(request, form))
        given = form.cleaned_data
        return actions.save_workflow(
            workflow,
            friendly_name=given["friendly_name"],
            configuration=given["configuration"],
            task_reservation_timeout=given["task_reservation_timeout"],
            actor=actor(request, workflow.workspace.account),
        )

    def remove(self, request: HttpRequest, row: Workflow) -> None:
        actions.delete_workflow(row, actor=actor(request, row.workspace.account))

    @display(description=_("Filters"))
    def filters(self, workflow: Workflow) -> str:
        names = [row["name"] or row["expression"] for row in editor.rows_of(workflow.configuration)["filters"]]
        return ", ".join(names)[:120]

    @display(description=_("Tasks under way"), ordering="live_count")
    def live_tasks(self, workflow: Any) -> int:
        count: int = workflow.live_count
        return count


class ReservationInline(TabularInline):
    """Who was asked, and what they answered."""

    model = Reservation
    fields = ["worker", "status", "created_at", "accepted_at", "ended_at", "reason"]
    readonly_fields = ["status"]
    labels = {"worker": _("Worker"), "accepted_at": _("Accepted"), "ended_at": _("Ended")}
    ordering = ["-id"]
    verbose_name_plural = _("Offers")

    @display(description=_("status"))
    def status(self, reservation: Reservation) -> str:
        return str(WORDS.get(reservation.reservation_status, reservation.reservation_status))


class StatusFilter(admin.AllValuesFieldListFilter):
    """The statuses that there are, in words."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            status = str(choice["display"])
            yield {**choice, "display": WORDS.get(status, status)}


@admin.register(Task)
class TaskAdmin(ModelAdmin):
    """Tasks are made by conversations and programs; here one looks on, hurries one up, or ends it."""

    writes = "workers:write"
    can_add = can_change = False
    labels = {
        "task_queue": _("Queue"),
        "workflow": _("Workflow"),
        "task_channel": _("Channel"),
        "task_queue_entered_at": _("In the queue since"),
        "step_due_at": _("Moves on at"),
        "expires_at": _("Expires"),
        "ended_at": _("Ended"),
    }
    list_display = [
        "created_at",
        "status",
        "who",
        column("task_queue", labels["task_queue"]),
        "priority",
        column("task_channel", labels["task_channel"]),
        "age",
    ]
    list_filter = [
        ("assignment_status", StatusFilter),
        ("task_queue", admin.RelatedOnlyFieldListFilter),
        "task_channel__unique_name",
    ]
    list_select_related = ["task_queue", "task_channel"]
    search_fields = ["=sid", "=reservations__sid", "=reservations__worker__sid", "reservations__worker__friendly_name"]
    search_help_text = _("A sid of a task, an offer or a worker; or a worker's name.")
    ordering = ["-created_at"]
    inlines = [ReservationInline]
    actions_detail = ["hurry", "finish", "cancel"]
    fieldsets = [
        (None, {"fields": ["sid", "status", "standing", "task_queue", "workflow", "priority", "task_channel"]}),
        (_("What it is about"), {"fields": ["what", "required_skills"]}),
        (_("Times"), {"fields": ["created_at", "task_queue_entered_at", "step_due_at", "expires_at", "ended_at"]}),
    ]
    readonly_fields = ["status", "standing", "what"]

    @display(description=_("status"), ordering="assignment_status", label=TASK_LABELS)
    def status(self, task: Task) -> Label:
        word = str(WORDS.get(task.assignment_status, task.assignment_status))
        says_more = task.ended_at and task.reason not in ("", task.assignment_status)
        return Label(task.assignment_status, f"{word} ({task.reason})" if says_more else word)

    @display(description=_("Customer"))
    def who(self, task: Task) -> str:
        return str(task.attributes.get("name") or task.attributes.get("from") or task.sid)

    @display(description=_("Age"), ordering="-created_at")
    def age(self, task: Task) -> str:
        seconds = int(((task.ended_at or clock.now()) - task.created_at).total_seconds())
        hours, rest = divmod(seconds, 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

    @display(description=_("Standing"))
    def standing(self, task: Task) -> str:
        if task.assignment_status != "pending" or task.task_queue is None:
            return "-"
        crew = matching.crew(task.task_queue)
        return gettext("Number %(position)d in the queue. %(agents)d agents serve it, %(free)d available.") % {
            "position": queries.position(task),
            "agents": len(crew),
            "free": sum(worker.activity.available for worker in crew),
        }

    @display(description=_("attributes"))
    def what(self, task: Task) -> str:
        document = json.dumps(task.attributes, indent=2, ensure_ascii=False)
        return format_html('<pre class="cc-document">{}</pre>', document)

    # --- verbs ---

    def _stands(self, request: HttpRequest, object_id: Any, *states: str) -> bool:
        return (
            self._may_write(request)
            and self.get_queryset(request).filter(pk=object_id, assignment_status__in=states).exists()
        )

    def has_hurry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._stands(request, object_id, "pending", "reserved")

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._stands(request, object_id, *TASK.sources("cancel"))

    def has_finish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._stands(request, object_id, *TASK.sources("complete"))

    @action(description=_("Change priority"), icon="priority_high", permissions=["hurry"], url_path="priority")
    def hurry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Change priority"),
            _("Higher numbers are served first. The workflow may set it again at its next step."),
            _("Change priority"),
            form=PriorityForm,
            danger=False,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.update_task(task, priority=given["priority"], actor=actor(request, task.workspace.account))
            return gettext("The task has priority %(priority)d now.") % {"priority": task.priority}

        return self.ask(request, object_id, question, perform)

    @action(description=_("Complete"), icon="task_alt", permissions=["finish"], url_path="complete")
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Complete this task?"),
            _("The agent who has it loses it, and gets a free slot."),
            _("Complete"),
            form=ReasonForm,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.complete(task, reason=given["reason"], actor=actor(request, task.workspace.account))
            return gettext("The task has been completed.")

        return self.ask(request, object_id, question, perform)

    @action(description=_("Cancel"), icon="cancel", permissions=["cancel"], url_path="cancel", variant=DANGER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Cancel this task?"),
            _("Nobody is asked any more. The conversation stays open; the customer's next words seek an agent again."),
            _("Cancel the task"),
            form=ReasonForm,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.cancel_task(task, reason=given["reason"], actor=actor(request, task.workspace.account))
            return gettext("The task has been canceled.")

        return self.ask(request, object_id, question, perform)
