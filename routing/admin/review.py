"""The way of a draft: compared with what is published, published or forgotten."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Question, actor, told
from accounts.queries import people
from hours import queries as hours
from kernel.errors import DomainError
from routing import queries
from routing.actions import drafts
from routing.admin.pages import AsideForm, WorkflowPages, latest_version
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import Draft, TaskQueue, Workflow
from routing.preview import checks, differences, editor, sampling

KIND_WORDS = {
    "refused": _("refused, for no filter takes them"),
    "taken": _("taken, which are refused now"),
    "queue": _("in another queue at first"),
    "priority": _("with another priority at first"),
    "details": _("alike at first, then with other agents, times or steps"),
    "same": _("the same way"),
}


class SeenForm(AsideForm):
    """What the reviewer compared: the version of the draft, if it is one, and the published version."""

    seen_draft = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_number = forms.IntegerField(widget=forms.HiddenInput)


class ReviewPages(WorkflowPages):
    """Review, publish, discard."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/review/", view(self.review), name="routing_workflow_review"),
            path("<int:pk>/publish/", view(self.publish), name="routing_workflow_publish"),
            path("<int:pk>/discard/", view(self.discard), name="routing_workflow_discard"),
            *super().get_urls(),
        ]

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self.row(request, str(pk))
        draft = Draft.objects.select_related("based_on").filter(workflow=workflow).first()
        if draft is None:
            return HttpResponseRedirect(self.address(workflow.pk))
        return self.compared(
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
        workflow = self.changeable(request, pk)
        back = self.link("review", workflow.pk)

        def perform(given: dict[str, Any]) -> str:
            waiting = queries.following(workflow).count()
            drafts.publish(
                workflow,
                seen=given["seen_draft"] or 0,
                seen_number=given["seen_number"],
                re_evaluate_tasks=given["re_evaluate_tasks"],
                actor=actor(request, workflow.workspace.account),
            )
            return joined(gettext("Published. The next task goes by it."), fate(waiting, given["re_evaluate_tasks"]))

        return self.put(request, workflow, back, perform) if request.method == "POST" else HttpResponseRedirect(back)

    def compared(
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
            waiting=queries.following(workflow).count(),
            form=SeenForm(initial=seen),
            may_publish=stands and self.has_change_permission(request, workflow),
            **more,
        )

    def put(
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
        workflow = self.changeable(request, pk)
        draft = Draft.objects.filter(workflow=workflow).first()
        if draft is None:
            return HttpResponseRedirect(self.address(workflow.pk))
        question = Question(
            _("Discard the draft?"),
            _("What is published stays as it is. The draft remains in the history, but not as a draft."),
            _("Discard the draft"),
            form=seen_form({"seen": draft.version}),
        )

        def perform(row: Workflow, given: dict[str, Any]) -> str:
            drafts.discard_draft(row, seen=given["seen"], actor=actor(request, row.workspace.account))
            return gettext("The draft has been discarded.")

        return self.ask(request, str(pk), question, perform)

    def changeable(self, request: HttpRequest, pk: int) -> Workflow:
        """The workflow, if this person may change it; 404 otherwise."""
        workflow: Workflow = self.row(request, str(pk))
        if not self.has_change_permission(request, workflow):
            raise Http404
        return workflow


def fate(waiting: int, along: bool) -> str:
    """What becomes of the tasks that waited when a version was published; empty where none did."""
    if not waiting:
        return ""
    if along:
        words = ngettext(
            "The %(count)d task that waits goes by it too; if no filter takes it, it stays where it is.",
            "The %(count)d tasks that wait go by it too, one after the other; those that no filter takes stay where"
            " they are.",
            waiting,
        )
    else:
        words = ngettext(
            "The %(count)d task that waits stays on the version that it came with.",
            "The %(count)d tasks that wait stay on the versions that they came with.",
            waiting,
        )
    return words % {"count": waiting}


def joined(*sentences: str) -> str:
    """One text of those that say something."""
    return " ".join(sentence for sentence in sentences if sentence)


def seen_form(seen: dict[str, int]) -> Any:
    """A form that brings back, unseen, what was on the page when the question was asked."""
    fields = {
        name: forms.IntegerField(initial=number, widget=forms.HiddenInput(), label="") for name, number in seen.items()
    }
    return type("Seen", (forms.Form,), fields)


def queue_names(workflow: Workflow) -> dict[str, str]:
    """What the queues of the workspace are called, by sid."""
    return dict(TaskQueue.objects.filter(workspace=workflow.workspace_id).values_list("sid", "friendly_name"))
