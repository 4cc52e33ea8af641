"""The pages of workspaces and workers, a module each, and the journal of all of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agents.admin_base import workspaces
from agents.admin_workers import CapacityInline, WorkerAdmin
from agents.admin_workspace import ActivityAdmin, TaskChannelAdmin, WorkspaceAdmin
from eventlog.admin import EventPage
from eventlog.models import Event

__all__ = ["ActivityAdmin", "CapacityInline", "JournalAdmin", "TaskChannelAdmin", "WorkerAdmin", "WorkspaceAdmin"]


@admin.register(Event)
class JournalAdmin(EventPage):
    """What happened in the workspaces that this person may see."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return Event.objects.filter(workspace_sid__in=workspaces(request).values("sid"))
