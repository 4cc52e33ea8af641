"""The way of a draft: compared with what is published, published or forgotten; and the versions that there were."""

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
    """What the reviewer compared."""

    seen_draft = forms.IntegerField(widget=forms.HiddenInput)
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
        return self._review(request, workflow, draft)

    def _review(self, request: HttpRequest, workflow: Workflow, draft: Draft) -> HttpResponse:
        published = latest_version(workflow)
        before = published.configuration if published else workflow.configuration
        names = people([draft.actor_sid, published.actor_sid if published else ""])
        number = published.number if published else 0
        found, stands = self._warnings(workflow, draft.configuration)
        return self.page(
            request,
            "review",
            workflow,
            _("Review the draft"),
            draft=draft,
            published=published,
            drafted_by=names[draft.actor_sid],
            published_by=names[published.actor_sid] if published else "",
            overtaken=published is not None and draft.based_on is not None and draft.based_on_id != published.pk,
            difference=differences.between(before, draft.configuration),
            queues=queue_names(workflow),
            said=checks.gathered(found, editor.rows_of(draft.configuration)),
            sample=sampling.sample(workflow, before, draft.configuration) if stands else None,
            kind_words=KIND_WORDS,
            form=SeenForm(initial={"seen_draft": draft.version, "seen_number": number}),
            may_publish=stands and self.has_change_permission(request, workflow),
        )

    def _warnings(self, workflow: Workflow, configuration: str) -> tuple[list[checks.Warning], bool]:
        """What the checks find; False with them where the document cannot be any more, for a queue that is gone."""
        around = checks.surroundings(workflow.workspace, reservation_timeout=workflow.task_reservation_timeout)
        try:
            document = parse_workflow(configuration, queues=around.queues, calendars=hours.names(workflow.workspace))
        except ConfigurationError as error:
            return [checks.refusal(error)], False
        return checks.warnings(document, around), True

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self._changeable(request, pk)
        form = SeenForm(request.POST)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                with transaction.atomic():
                    drafts.publish(
                        workflow,
                        seen=given["seen_draft"],
                        seen_number=given["seen_number"],
                        actor=actor(request, workflow.workspace.account),
                        re_evaluate_tasks=given["re_evaluate_tasks"],
                    )
            except DomainError as error:
                messages.error(request, told(error))
                return HttpResponseRedirect(self.link("review", workflow.pk))
            self.log_change(request, workflow, gettext("Published"))
            messages.success(request, gettext("Published. The next task goes by it."))
            return HttpResponseRedirect(self.address(workflow.pk))
        return HttpResponseRedirect(self.link("review", workflow.pk))

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

    @action(description=_("Versions"), icon="history", permissions=["versions"], url_path="versions", variant=NEUTRAL)
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
            _("Versions"),
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
            _("Version %(number)d") % {"number": number},
            version=version,
            former=former,
            by=people([version.actor_sid])[version.actor_sid],
            is_newest=newest == version,
            difference=differences.between(former.configuration if former else "", version.configuration),
            queues=queue_names(workflow),
            may_change=self.has_change_permission(request, workflow),
        )

    def revert(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        workflow, version = self._version(request, pk, number, change=True)
        newest = latest_version(workflow)
        question = Question(
            _("Publish version %(number)d again?") % {"number": version.number},
            _("It becomes the newest version, and the next task goes by it. A draft stays as it is."),
            _("Publish it again"),
            form=_seen_form({"seen_number": newest.number if newest else 0}, AsideForm),
        )

        def perform(row: Workflow, given: dict[str, Any]) -> str:
            drafts.revert(
                row,
                number=version.number,
                seen_number=given["seen_number"],
                actor=actor(request, row.workspace.account),
                re_evaluate_tasks=given["re_evaluate_tasks"],
            )
            return gettext("Version %(number)d is published again. The next task goes by it.") % {
                "number": version.number
            }

        return self.ask(request, str(pk), question, perform)

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


def _seen_form(seen: dict[str, int], base: type[forms.Form] = forms.Form) -> Any:
    """A form that brings back, unseen, what was on the page when the question was asked."""
    fields = {
        name: forms.IntegerField(initial=number, widget=forms.HiddenInput(), label="") for name, number in seen.items()
    }
    return type("Seen", (base,), fields)


def _touched(former: WorkflowVersion, version: WorkflowVersion) -> list[str]:
    """The names of the filters that a version changed."""
    difference = differences.between(former.configuration, version.configuration)
    names = [rule.name for rule in difference.filters if rule.kind != "same" or rule.moved]
    return [*names, *([gettext("Default filter")] if difference.default.kind != "same" else [])]


def queue_names(workflow: Workflow) -> dict[str, str]:
    """What the queues of the workspace are called, by sid."""
    return dict(TaskQueue.objects.filter(workspace=workflow.workspace_id).values_list("sid", "friendly_name"))
