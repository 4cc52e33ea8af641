"""The workspace in the admin: its activities and its task channels."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import actor, display
from agents import actions
from agents.admin_base import Noted, WorkspacePage
from agents.forms import WorkspaceForm
from agents.models import Activity, TaskChannel, Workspace


@admin.register(Workspace)
class WorkspaceAdmin(Noted):
    """The contact centre, and what holds for all of it."""

    account_lookup = "account"
    writes = "config:write"
    can_add = False
    list_display = ["friendly_name", "default_activity", "timeout_activity", "sid"]
    form = WorkspaceForm
    labels = {"event_callback_url": _("Address")}
    fieldsets = [
        (
            None,
            {"fields": ["friendly_name", "account", "default_activity", "timeout_activity", "prioritize_queue_order"]},
        ),
        (_("Event callback"), {"fields": ["event_callback_url", "events_filter"]}),
        (_("Record"), {"fields": ["sid", "created_at"]}),
    ]
    readonly_fields = ["account", "sid", "created_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        for name in ("default_activity", "timeout_activity"):
            if obj is not None and name in made.base_fields:
                made.base_fields[name].queryset = Activity.objects.filter(workspace=obj).order_by("pk")
        return made

    def store(self, request: HttpRequest, row: Workspace, form: Any) -> Workspace:
        given = form.cleaned_data
        return actions.update_workspace(
            row,
            friendly_name=given["friendly_name"],
            default_activity=given["default_activity"],
            timeout_activity=given["timeout_activity"],
            prioritize_queue_order=given["prioritize_queue_order"],
            event_callback_url=given["event_callback_url"],
            events_filter=given["events_filter"],
            actor=actor(request, row.account),
        )


@admin.register(Activity)
class ActivityAdmin(WorkspacePage):
    """What a worker may be doing. Whether it is for work stays as it was made: reports refer to it."""

    writes = "config:write"
    can_delete_rows = True
    list_display = ["friendly_name", "available", "workers_now"]
    readonly_fields = ["sid"]
    ordering = ["pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.asked_workspace(request), "friendly_name", "available", *(["sid"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["available"] if obj else [])]

    def store(self, request: HttpRequest, row: Activity | None, form: Any) -> Activity:
        name = form.cleaned_data["friendly_name"]
        if row is not None:
            return actions.update_activity(row, friendly_name=name, actor=actor(request, row.workspace.account))
        workspace = self.workspace(request, form)
        return actions.create_activity(
            workspace,
            friendly_name=name,
            available=form.cleaned_data["available"],
            actor=actor(request, workspace.account),
        )

    def remove(self, request: HttpRequest, row: Activity) -> None:
        actions.delete_activity(row, actor=actor(request, row.workspace.account))

    @display(description=_("Workers now"))
    def workers_now(self, activity: Activity) -> int:
        return activity.workers.count()


@admin.register(TaskChannel)
class TaskChannelAdmin(WorkspacePage):
    """Kinds of work that capacity is counted by. Expressions refer to the unique name, which therefore stays."""

    writes = "config:write"
    can_delete_rows = True
    list_display = ["friendly_name", "unique_name"]
    readonly_fields = ["sid"]
    ordering = ["pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        what = ["friendly_name", "unique_name", "channel_optimized_routing"]
        return [*self.asked_workspace(request), *what, *(["sid"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["unique_name"] if obj else [])]

    def store(self, request: HttpRequest, row: TaskChannel | None, form: Any) -> TaskChannel:
        given = form.cleaned_data
        workspace = row.workspace if row else self.workspace(request, form)
        options = {
            "friendly_name": given["friendly_name"],
            "channel_optimized_routing": given["channel_optimized_routing"],
            "actor": actor(request, workspace.account),
        }
        if row is not None:
            return actions.update_task_channel(row, **options)
        return actions.create_task_channel(workspace, unique_name=given["unique_name"], **options)

    def remove(self, request: HttpRequest, row: TaskChannel) -> None:
        actions.delete_task_channel(row, actor=actor(request, row.workspace.account))
