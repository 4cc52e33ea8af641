"""Workflows in the admin: from a task's attributes to its queue, priority and timeouts."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import NEUTRAL, Label, Question, TextInputWidget, action, actor, display
from accounts.queries import people
from agents.admin_base import workspaces
from routing import actions
from routing.actions import drafts
from routing.admin.dry_run import TryPage
from routing.admin.forms import WorkflowForm, shown_document
from routing.admin.live import LivePage
from routing.admin.pages import latest_version
from routing.admin.versions import VersionPages
from routing.core.states import TASK_LIVE
from routing.models import MAX_RESERVATION_TIMEOUT, Draft, Task, TaskQueue, Workflow
from routing.preview import editor

FILTERS_SHOWN: Final = 100
"""Characters of the filters' names in the list."""


class SettingsForm(forms.Form):
    """What is not part of the document."""

    friendly_name = forms.CharField(label=_("name"), max_length=64, widget=TextInputWidget)
    task_reservation_timeout = forms.IntegerField(
        label=_("reservation timeout"),
        min_value=1,
        max_value=MAX_RESERVATION_TIMEOUT,
        help_text=_("Seconds that a worker has to answer an offer."),
        widget=TextInputWidget({"inputmode": "numeric"}),
    )
    assignment_callback_url = forms.CharField(
        label=_("assignment callback"),
        required=False,
        help_text=_("Where each offer is POSTed; the answer accepts or rejects it. Empty: nowhere."),
        widget=TextInputWidget({"inputmode": "url", "spellcheck": "false"}),
    )
    fallback_assignment_callback_url = forms.CharField(
        label=_("fallback of the callback"),
        required=False,
        help_text=_("Asked when the address above fails."),
        widget=TextInputWidget({"inputmode": "url", "spellcheck": "false"}),
    )


@admin.register(Workflow)
class WorkflowAdmin(LivePage, VersionPages, TryPage):
    """A new workflow is published at once. Whoever changes one makes a draft of it, which decides nothing."""

    writes = "config:write"
    can_delete_rows = True
    form = WorkflowForm
    list_display = ["friendly_name", "filters", "timeout", "live_tasks", "drafted", "updated_at"]
    search_fields = ["friendly_name", "sid"]
    ordering = ["friendly_name"]
    readonly_fields = ["sid", "version", "created_at", "updated_at"]
    change_form_before_template = "admin/routing/workflow_state.html"
    change_form_after_template = "admin/routing/workflow_found.html"
    actions_detail = ["try_out", "versions", "change_settings"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("workspace__account", "draft")
        return rows.annotate(has_draft=Exists(Draft.objects.filter(workflow=OuterRef("pk"))))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The tasks are counted for the page alone, and beside it: grouped by all columns, one of which is a document
        of up to a megabyte, a count takes seconds."""
        shown = super().get_changelist_instance(request)
        live = Task.objects.filter(workflow__in=[row.pk for row in shown.result_list], assignment_status__in=TASK_LIVE)
        counts = dict(live.values_list("workflow").annotate(Count("pk")))
        for row in shown.result_list:
            row.live_count = counts.get(row.pk, 0)
        return shown

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [*self.asked_workspace(request), *([] if obj else ["friendly_name", "task_reservation_timeout"])]
        record = (_("Record"), {"fields": self.readonly_fields, "classes": ["tab"]})
        return [
            *([(None, {"fields": names})] if names else []),
            (_("Filters"), {"fields": ["rules"], "classes": ["tab"]}),
            (_("Document (JSON)"), {"fields": ["configuration"], "classes": ["tab"]}),
            *([record] if obj else []),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        rows = TaskQueue.objects.filter(workspace__in=workspaces(request)).select_related("workspace")
        made.queues = tuple(rows.order_by("workspace", "friendly_name"))
        return made

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        workflow = kwargs.get("obj")
        return super().render_change_form(
            request, {**context, **(_state(workflow) if workflow else {})}, *args, **kwargs
        )

    def store(self, request: HttpRequest, row: Workflow | None, form: Any) -> Workflow:
        given = form.cleaned_data
        if row is None:
            workflow = Workflow(workspace=self.workspace(request, form))
            return actions.save_workflow(
                workflow,
                friendly_name=given["friendly_name"],
                configuration=given["configuration"],
                task_reservation_timeout=given["task_reservation_timeout"],
                actor=actor(request, workflow.workspace.account),
            )
        if given["configuration"] != shown_document(row):
            who = actor(request, row.workspace.account)
            drafts.save_draft(row, configuration=given["configuration"], seen=form.now["seen_draft"], actor=who)
        return row

    def remove(self, request: HttpRequest, row: Workflow) -> None:
        actions.delete_workflow(row, actor=actor(request, row.workspace.account))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """On to the review, where there is a draft."""
        if not Draft.objects.filter(workflow=obj).exists():
            messages.info(request, gettext("Nothing was changed."))
            return HttpResponseRedirect(self.address(obj.pk))
        messages.success(request, gettext("The draft is saved. It decides nothing until it is published."))
        if "_continue" in request.POST:
            return HttpResponseRedirect(self.address(obj.pk))
        return HttpResponseRedirect(self.link("try_out" if "_try" in request.POST else "review", obj.pk))

    # --- what is no part of the document ---

    def has_change_settings_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_write(request)

    @action(
        description=_("Settings"),
        icon="tune",
        permissions=["change_settings"],
        url_path="settings",
        variant=NEUTRAL,
    )
    def change_settings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workflow = self.row(request, object_id)
        question = Question(
            _("Settings"),
            _("These are no part of the document and have no draft: the next offer goes by them."),
            _("Save"),
            form=lambda data: SettingsForm(data, initial=vars(workflow)),
            danger=False,
        )

        def perform(row: Workflow, given: dict[str, Any]) -> str:
            actions.save_workflow(row, actor=actor(request, row.workspace.account), **given)
            return gettext("The settings have been changed.")

        return self.ask(request, object_id, question, perform)

    # --- the list ---

    @display(description=_("Filters"))
    def filters(self, workflow: Workflow) -> str:
        names = [row["name"] or row["expression"] for row in editor.rows_of(workflow.configuration)["filters"]]
        return Truncator(", ".join(names)).chars(FILTERS_SHOWN) or gettext("the default filter alone")

    @display(description=_("Tasks under way"))
    def live_tasks(self, workflow: Any) -> int:
        count: int = workflow.live_count
        return count

    @display(description=_("Reservation timeout"), ordering="task_reservation_timeout")
    def timeout(self, workflow: Workflow) -> str:
        return gettext("%(seconds)d s") % {"seconds": workflow.task_reservation_timeout}

    @display(description=_("Draft"), ordering="has_draft", label={"draft": "warning"})
    def drafted(self, workflow: Any) -> Label | None:
        return Label("draft", gettext("begun")) if workflow.has_draft else None


def _state(workflow: Workflow) -> dict[str, Any]:
    """What is published and what is drafted, for the head of the editor."""
    published = latest_version(workflow)
    draft = Draft.objects.select_related("based_on").filter(workflow=workflow).first()
    names = people([row.actor_sid for row in (published, draft) if row])
    return {
        "published": published,
        "published_by": names.get(published.actor_sid if published else "", ""),
        "draft": draft,
        "drafted_by": names.get(draft.actor_sid if draft else "", ""),
    }
