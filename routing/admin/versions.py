"""The versions that a workflow had: what each changed, and back to one of them."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import NEUTRAL, Question, action, actor, whole_number
from accounts.queries import people
from routing import queries
from routing.actions import drafts
from routing.admin.pages import latest_version
from routing.admin.review import ReviewPages, fate, joined, queue_names, seen_form
from routing.models import Draft, Workflow, WorkflowVersion
from routing.preview import differences

VERSIONS_A_PAGE: Final = 25


class VersionPages(ReviewPages):
    """The list of versions, one of them, and publishing it again or taking it as the draft."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/versions/<int:number>/", view(self.version), name="routing_workflow_version"),
            path("<int:pk>/versions/<int:number>/revert/", view(self.revert), name="routing_workflow_revert"),
            path("<int:pk>/versions/<int:number>/draft/", view(self.redraft), name="routing_workflow_redraft"),
            *super().get_urls(),
        ]

    def has_versions_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Versions"), icon="layers", permissions=["versions"], url_path="versions", variant=NEUTRAL)
    def versions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workflow = self.row(request, object_id)
        before = whole_number(request.GET.get("before", ""))
        rows = workflow.versions.order_by("-number")
        if before is not None:
            rows = rows.filter(number__lt=before)
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
            waiting = queries.following(workflow).count()
            drafts.revert(
                workflow,
                number=number,
                seen_number=given["seen_number"],
                re_evaluate_tasks=given["re_evaluate_tasks"],
                actor=actor(request, workflow.workspace.account),
            )
            told = gettext("Version %(number)d is published again. The next task goes by it.") % {"number": number}
            return joined(told, fate(waiting, given["re_evaluate_tasks"]))

        if request.method == "POST":
            return self.put(request, workflow, request.path, perform)
        return self.compared(
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
            form=seen_form({"seen": draft.version if draft else 0}),
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
        workflow = self.changeable(request, pk) if change else self.row(request, str(pk))
        version = workflow.versions.filter(number=number).first()
        if version is None:
            raise Http404
        return workflow, version


def _touched(former: WorkflowVersion, version: WorkflowVersion) -> list[str]:
    """The names of the filters that a version changed."""
    difference = differences.between(former.configuration, version.configuration)
    names = [rule.name for rule in difference.filters if rule.kind != "same" or rule.moved]
    return [*names, *([gettext("Default filter")] if difference.default.kind != "same" else [])]
