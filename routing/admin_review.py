"""The way of a draft: compared with what is published, published or forgotten; and the versions that there were."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import NEUTRAL, Question, action, actor, told
from hours import queries as hours
from kernel.errors import DomainError
from routing import checks, differences, editor, sampling
from routing.actions import drafts
from routing.admin_pages import AsideForm, WorkflowPages, latest_version, people
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import Draft, TaskQueue, Workflow, WorkflowVersion

VERSIONS_A_PAGE = 25

KIND_WORDS = {
    "refused": _("refused, for no filter takes them"),
    "taken": _("taken, which are refused now"),
    "queue": _("begin in another queue"),
    "priority": _("begin with another priority"),
    "details": _("begin alike, with other agents, times or later steps"),
    "same": _("go the same way"),
}


class SeenForm(AsideForm):
    """What the reviewer compared: the version of the draft, if it is one, and the published version."""

    seen_draft = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_number = forms.IntegerField(widget=forms.HiddenInput)


class ReviewPages(WorkflowPages):
    """Review, publish, discard; versions, and back to one of them."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/review/", view(self.review), name="routing_workflow_review"),
            path("<int:pk>/publish/", view(self.publish), name="routing_workflow_publish"),
            path("<int:pk>/discard/", view(self.discard), name="routing_workflow_discard"),
            path("<int:pk>/versions/<int:number>/", view(self.version), name="routing_workflow_version"),
            path("<int:pk>/versions/<int:number>/revert/", view(self.revert), name="routing_workflow_revert"),
            path("<int:pk>/versions/<int:number>/draft/", view(self.redraft), name="routing_workflow_redraft"),
            *super().get_urls(),
        ]

    # --- the draft ---

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self.row(request, str(pk))
        draft = Draft.objects.select_related("based_on").filter(workflow=workflow).first()
        if draft is None:
            return HttpResponseRedirect(self.address(workflow.pk))
        return self._compared(
            request,
            workflow,
            draft.configuration,
            title=_("Review the draft"),
            question=_("Publish this draft?"),
            submit=_("Publish"),
            address=self.link("publish", workflow.pk),
            seen_draft=draft.version,
            draft=draft,
            drafted_by=people([draft.actor_sid])[draft.actor_sid],
        )

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self._changeable(request, pk)
        back = self.link("review", workflow.pk)

        def perform(given: dict[str, Any]) -> str:
            drafts.publish(
                workflow,
                seen=given["seen_draft"] or 0,
                seen_number=given["seen_number"],
                re_evaluate_tasks=given["re_evaluate_tasks"],
                actor=actor(request, workflow.workspace.account),
            )
            return gettext("Published. The next task goes by it.")

        return self._put(request, workflow, back, perform) if request.method == "POST" else HttpResponseRedirect(back)

    def _compared(
        self,
        request: HttpRequest,
        workflow: Workflow,
        configuration: str,
        *,
        seen_draft: int | None = None,
        **more: Any,
    ) -> HttpResponse:
        """What would change with the document, before it is published."""
        published = latest_version(workflow)
        before = published.configuration if published else workflow.configuration
        found, stands = self._warnings(workflow, configuration)
        difference = differences.between(before, configuration)
        seen = {"seen_draft": seen_draft, "seen_number": published.number if published else 0}
        return self.page(
            request,
            "review",
            workflow,
            published=published,
            published_by=people([published.actor_sid])[published.actor_sid] if published else "",
            difference=difference,
            queues=queue_names(workflow),
            said=checks.gathered(found, editor.rows_of(configuration)),
            sample=sampling.sample(workflow, before, configuration) if stands else None,
            kind_words=KIND_WORDS,
            form=SeenForm(initial=seen),
            may_publish=stands and self.has_change_permission(request, workflow),
            **more,
        )

    def _put(
        self, request: HttpRequest, workflow: Workflow, back: str, perform: Callable[[dict[str, Any]], str]
    ) -> HttpResponse:
        """Publish as ``perform`` does; what it refuses is told on the page before."""
        form = SeenForm(request.POST)
        if not form.is_valid():
            return HttpResponseRedirect(back)
        try:
            with transaction.atomic():
                told_after = perform(form.cleaned_data)
        except DomainError as error:
            messages.error(request, told(error))
            return HttpResponseRedirect(back)
        self.log_change(request, workflow, told_after)
        messages.success(request, told_after)
        return HttpResponseRedirect(self.address(workflow.pk))

    def _warnings(self, workflow: Workflow, configuration: str) -> tuple[list[checks.Warning], bool]:
        """What the checks find; False with them where the document cannot be any more, for a queue that is gone."""
        around = checks.surroundings(workflow.workspace, reservation_timeout=workflow.task_reservation_timeout)
        try:
            document = parse_workflow(configuration, queues=around.queues, calendars=hours.names(workflow.workspace))
        except ConfigurationError as error:
            return [checks.refusal(error)], False
        return checks.warnings(document, around), True

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self._changeable(request, pk)
        draft = Draft.objects.filter(workflow=workflow).first()
        if draft is None:
            return HttpResponseRedirect(self.address(workflow.pk))
        question = Question(
            _("Discard the draft?"),
            _("What is published stays as it is. The draft remains in the history, but not as a draft."),
            _("Discard the draft"),
            form=_seen_form({"seen": draft.version}),
        )

        def perform(row: Workflow, given: dict[str, Any]) -> str:
            drafts.discard_draft(row, seen=given["seen"], actor=actor(request, row.workspace.account))
            return gettext("The draft has been discarded.")

        return self.ask(request, str(pk), question, perform)

    # --- versions ---

    def has_versions_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Versions"), icon="layers", permissions=["versions"], url_path="versions", variant=NEUTRAL)
    def versions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workflow = self.row(request, object_id)
        before = request.GET.get("before", "")
        rows = workflow.versions.order_by("-number")
        if before.isdigit():
            rows = rows.filter(number__lt=int(before))
        shown = list(rows[: VERSIONS_A_PAGE + 1])
        names = people(version.actor_sid for version in shown)
        lines = [
            {
                "version": version,
                "by": names[version.actor_sid],
                "touched": _touched(shown[place + 1], version) if place + 1 < len(shown) else None,
            }
            for place, version in enumerate(shown[:VERSIONS_A_PAGE])
        ]
        return self.page(
            request,
            "versions",
            workflow,
            title=_("Versions"),
            lines=lines,
            newest=latest_version(workflow),
            older=shown[VERSIONS_A_PAGE - 1].number if len(shown) > VERSIONS_A_PAGE else None,
        )

    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        workflow, version = self._version(request, pk, number)
        former = workflow.versions.filter(number__lt=number).order_by("-number").first()
        newest = latest_version(workflow)
        return self.page(
            request,
            "version",
            workflow,
            title=_("Version %(number)d") % {"number": number},
            version=version,
            former=former,
            by=people([version.actor_sid])[version.actor_sid],
            is_newest=newest == version,
            difference=differences.between(former.configuration if former else "", version.configuration),
            queues=queue_names(workflow),
            may_change=self.has_change_permission(request, workflow),
        )

    def revert(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """What a version said is compared with what is published, and published again."""
        workflow, version = self._version(request, pk, number, change=True)

        def perform(given: dict[str, Any]) -> str:
            drafts.revert(
                workflow,
                number=number,
                seen_number=given["seen_number"],
                re_evaluate_tasks=given["re_evaluate_tasks"],
                actor=actor(request, workflow.workspace.account),
            )
            return gettext("Version %(number)d is published again. The next task goes by it.") % {"number": number}

        if request.method == "POST":
            return self._put(request, workflow, request.path, perform)
        return self._compared(
            request,
            workflow,
            version.configuration,
            title=_("Back to version %(number)d") % {"number": number},
            question=_("Publish version %(number)d again?") % {"number": number},
            submit=_("Publish it again"),
            address=request.path,
            version=version,
            drafted_by=people([version.actor_sid])[version.actor_sid],
        )

    def redraft(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        workflow, version = self._version(request, pk, number, change=True)
        draft = Draft.objects.filter(workflow=workflow).first()
        question = Question(
            _("Take version %(number)d as the draft?") % {"number": version.number},
            _("The draft that there is now is overwritten.")
            if draft
            else _("It decides nothing until it is published."),
            _("Take it as the draft"),
            form=_seen_form({"seen": draft.version if draft else 0}),
            danger=draft is not None,
        )

        def perform(row: Workflow, given: dict[str, Any]) -> HttpResponse:
            who = actor(request, row.workspace.account)
            drafts.save_draft(row, configuration=version.configuration, seen=given["seen"], actor=who)
            return HttpResponseRedirect(self.link("review", row.pk))

        return self.ask(request, str(pk), question, perform)

    def _version(
        self, request: HttpRequest, pk: int, number: int, *, change: bool = False
    ) -> tuple[Workflow, WorkflowVersion]:
        workflow = self._changeable(request, pk) if change else self.row(request, str(pk))
        version = workflow.versions.filter(number=number).first()
        if version is None:
            raise Http404
        return workflow, version

    def _changeable(self, request: HttpRequest, pk: int) -> Workflow:
        workflow: Workflow = self.row(request, str(pk))
        if not self.has_change_permission(request, workflow):
            raise Http404
        return workflow


def _seen_form(seen: dict[str, int]) -> Any:
    """A form that brings back, unseen, what was on the page when the question was asked."""
    fields = {
        name: forms.IntegerField(initial=number, widget=forms.HiddenInput(), label="") for name, number in seen.items()
    }
    return type("Seen", (forms.Form,), fields)


def _touched(former: WorkflowVersion, version: WorkflowVersion) -> list[str]:
    """The names of the filters that a version changed."""
    difference = differences.between(former.configuration, version.configuration)
    names = [rule.name for rule in difference.filters if rule.kind != "same" or rule.moved]
    return [*names, *([gettext("Default filter")] if difference.default.kind != "same" else [])]


def queue_names(workflow: Workflow) -> dict[str, str]:
    """What the queues of the workspace are called, by sid."""
    return dict(TaskQueue.objects.filter(workspace=workflow.workspace_id).values_list("sid", "friendly_name"))
