"""The base of every page about what belongs to a workspace."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.admin_base import ModelAdmin, visible_account
from agents.models import Workspace
from kernel.errors import Invalid


def workspaces(request: HttpRequest) -> Any:
    """The workspaces that the signed-in person may see."""
    return visible_account(request, Workspace.objects.select_related("account"), "account").order_by("pk")


class Noted(ModelAdmin):
    """What is configured here stands in the history of the configuration, before and after."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:history')}?about={self.row(request, object_id).sid}")


class WorkspacePage(Noted):
    """A row never changes its workspace; a new one is asked for it only where there are several."""

    def several_workspaces(self, request: HttpRequest) -> bool:
        return len(workspaces(request)[:2]) > 1

    def asked_workspace(self, request: HttpRequest) -> list[str]:
        """The workspace's field where it is to be chosen or told, and nothing elsewhere."""
        return ["workspace"] if self.several_workspaces(request) else []

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if self.several_workspaces(request) else ["workspace"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["workspace"] if obj else [])]

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*super().get_list_display(request), *self.asked_workspace(request)]

    def workspace(self, request: HttpRequest, form: Any) -> Workspace:
        """Where a new row belongs. Raises Invalid where there is no workspace at all."""
        chosen: Workspace | None = form.cleaned_data.get("workspace") or workspaces(request).first()
        if chosen is None:
            raise Invalid("There is no workspace yet.")
        return chosen
