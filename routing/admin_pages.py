"""What the further pages of a workflow share: their frame, the names of people, and what is asked before a verb."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import CheckboxWidget
from accounts.models import ApiKey, User
from agents.admin_base import WorkspacePage
from routing.models import Workflow, WorkflowVersion


class AsideForm(forms.Form):
    """Whether tasks that wait go by the new version too."""

    re_evaluate_tasks = forms.BooleanField(
        label=_("Tasks that wait go by it too"),
        required=False,
        help_text=_("Otherwise they stay on the version that they came with, and only new tasks follow this one."),
        widget=CheckboxWidget,
    )


class WorkflowPages(WorkspacePage):
    """A page about one workflow beside its form."""

    def page(self, request: HttpRequest, template: str, workflow: Workflow, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "workflow": workflow,
            "object": workflow,
            "original": workflow,
            "opts": self.opts,
            "back": self.address(workflow.pk),
            **more,
        }
        return TemplateResponse(request, f"admin/routing/{template}.html", context)

    def link(self, name: str, *arguments: Any) -> str:
        """The address of a page of a workflow."""
        return reverse(f"admin:routing_workflow_{name}", args=arguments)


def people(sids: Iterable[str]) -> dict[str, str]:
    """How those are called who act under these sids; whoever is gone keeps his sid."""
    wanted = {sid for sid in sids if sid}
    users = {user.sid: user.get_full_name() or user.get_username() for user in User.objects.filter(sid__in=wanted)}
    keys = {key.sid: key.friendly_name for key in ApiKey.objects.filter(sid__in=wanted)}
    return {sid: sid for sid in wanted} | users | keys | {"": gettext("the product itself")}


def latest_version(workflow: Workflow) -> WorkflowVersion | None:
    """What is published."""
    return workflow.versions.order_by("-number").first()
