"""The pages of workspaces and workers, a module each, and the journal of all of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from accounts.admin_base import display
from agents.admin_base import workspaces
from agents.admin_workers import CapacityInline, WorkerAdmin
from agents.admin_workspace import ActivityAdmin, TaskChannelAdmin, WorkspaceAdmin
from agents.journal import subjects
from eventlog.admin import EventPage
from eventlog.models import Event

__all__ = ["ActivityAdmin", "CapacityInline", "JournalAdmin", "TaskChannelAdmin", "WorkerAdmin", "WorkspaceAdmin"]


@admin.register(Event)
class JournalAdmin(EventPage):
    """What happened in the workspaces that this person may see."""

    list_display = [*EventPage.list_display[:2], "about", "who"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return Event.objects.filter(workspace_sid__in=workspaces(request).values("sid"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        names = subjects(shown.result_list)
        for event in shown.result_list:
            event.about_name = names[event.pk]
        return shown

    @display(description=EventPage.labels["subject_sid"], ordering="subject_sid")
    def about(self, event: Any) -> str:
        sid = format_html('<small class="cc-help">{}</small>', event.subject_sid)
        return format_html("{}<br>{}", event.about_name, sid) if event.about_name else sid
