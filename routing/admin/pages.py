"""What the further pages of a workflow share: their frame, and what is asked before a verb."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import CheckboxWidget
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


def latest_version(workflow: Workflow) -> WorkflowVersion | None:
    """What is published."""
    return workflow.versions.order_by("-number").first()
