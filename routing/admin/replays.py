"""Replays in the admin: a past period against a draft, how far it is, and what would have been."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    Label,
    ModelAdmin,
    ModelForm,
    MonoTextarea,
    Question,
    SelectWidget,
    TextInputWidget,
    action,
    actor,
    column,
    display,
    whole_number,
)
from accounts.queries import people
from kernel import clock
from routing.actions.replays import cancel_replay, log_begins, start_replay
from routing.models import Draft, Replay, Workflow
from routing.replaying import plot
from routing.replaying.figures import duration, share
from routing.replaying.text import GRADES

FLOWS_SHOWN = 12
MOVED_SHOWN = 50
AGENTS_SHOWN = 20
MINUTE_FORMAT = "%Y-%m-%dT%H:%M"

WORDS = {
    "queued": _("waiting for a worker"),
    "running": _("running"),
    "done": _("done"),
    "failed": pgettext_lazy("replay", "failed"),
    "canceled": _("canceled"),
}
LABELS = {"queued": "warning", "running": "info", "done": "success", "failed": "danger", "canceled": "default"}
RUNS = {"real": _("what happened"), "before": _("replayed as it was"), "after": _("with the new document")}


class MomentField(forms.DateTimeField):
    """A minute, chosen in the browser's own way."""

    widget = TextInputWidget({"type": "datetime-local"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=[MINUTE_FORMAT, f"{MINUTE_FORMAT}:%S"], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(UTC).strftime(MINUTE_FORMAT) if isinstance(value, datetime) else value


class ReplayForm(ModelForm):
    """Which period, against what."""

    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"), help_text=_("Times are UTC. At most 31 days."))
    against = forms.ChoiceField(
        label=_("Try"),
        choices=[("draft", _("the draft")), ("published", _("what is published"))],
        widget=SelectWidget,
    )
    configuration = forms.CharField(
        label=_("Document (JSON)"),
        required=False,
        help_text=_("What stands here is tried instead."),
        widget=MonoTextarea({"rows": 6}),
    )
    service_level_seconds = forms.IntegerField(
        label=_("Accepted in time"),
        min_value=1,
        initial=60,
        help_text=_("Seconds within which a task has to be accepted, for the service level."),
        widget=TextInputWidget({"inputmode": "numeric"}),
    )

    class Meta:
        model = Replay
        fields = ["workflow"]

    def clean(self) -> Any:
        workflow = self.cleaned_data.get("workflow")
        if workflow is not None and not self.cleaned_data.get("configuration"):
            self.cleaned_data["configuration"] = self._chosen(workflow)
        return super().clean()

    def _chosen(self, workflow: Workflow) -> str:
        if self.cleaned_data.get("against") != "draft":
            return workflow.configuration
        draft = Draft.objects.filter(workflow=workflow).first()
        if draft is None:
            self.add_error("against", gettext("This workflow has no draft."))
        return draft.configuration if draft else ""


@admin.register(Replay)
class ReplayAdmin(ModelAdmin):
    """A replay changes nothing; it is begun, looked at, and canceled."""

    account_lookup = "workflow__workspace__account"
    writes = "config:write"
    can_change = False
    form = ReplayForm
    list_display = [column("created_at", _("Started")), "workflow", "starts_at", "ends_at", "state", "moved"]
    list_filter = [("workflow", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["workflow"]
    ordering = ["-id"]
    actions_detail = ["cancel"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        what = ["workflow", "against", "starts_at", "ends_at", "service_level_seconds"]
        own = (_("Or a document of your own"), {"fields": ["configuration"], "classes": ["collapse"]})
        return [(None, {"fields": what}), own]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The last day, as far as the log reaches, against the draft where there is one."""
        now = clock.now().replace(second=0, microsecond=0)
        asked = whole_number(request.GET.get("workflow", ""))
        rows = self.admin_site.get_model_admin(Workflow).get_queryset(request)
        workflow = rows.order_by("pk").first() if asked is None else rows.filter(pk=asked).first()
        drafted = Draft.objects.filter(workflow=workflow).exists() if workflow else False
        begins = log_begins(workflow.workspace) if workflow else None
        return {
            "workflow": workflow and workflow.pk,
            "starts_at": max(now - timedelta(days=1), begins + timedelta(minutes=1) if begins else now),
            "ends_at": now,
            "against": "draft" if drafted else "published",
        }

    def store(self, request: HttpRequest, row: Replay | None, form: Any) -> Replay:
        given = form.cleaned_data
        workflow: Workflow = given["workflow"]
        return start_replay(
            workflow,
            starts_at=given["starts_at"],
            ends_at=given["ends_at"],
            configuration=given["configuration"],
            service_level_seconds=given["service_level_seconds"],
            actor=actor(request, workflow.workspace.account),
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(self.address(obj.pk))

    # --- one replay ---

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", view(self.progress), name="routing_replay_progress"),
            path("<int:pk>/report.json", view(self.report), name="routing_replay_report"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        replay: Replay = self.row(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Replay"),
            "object": replay,
            "original": replay,
            "opts": self.opts,
            "replay": replay,
            "by": people([replay.actor_sid])[replay.actor_sid],
            "may_cancel": self.has_cancel_permission(request, object_id),
            "state": WORDS[replay.status],
            **(_told(replay.report) if replay.status == "done" else {}),
        }
        return TemplateResponse(request, "admin/replays/replay.html", context)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar, as a fragment."""
        replay = self.row(request, str(pk))
        context = {"replay": replay, "state": WORDS[replay.status]}
        return TemplateResponse(request, "admin/replays/progress.html", context)

    def report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole report."""
        replay = self.row(request, str(pk))
        name = f'attachment; filename="{replay.sid}.json"'
        return JsonResponse(replay.report, headers={"Content-Disposition": name})

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, status__in=("queued", "running"))

    @action(description=_("Cancel"), icon="cancel", permissions=["cancel"], url_path="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Cancel this replay?"), _("It stops within seconds and leaves no report."), _("Cancel the replay")
        )

        def perform(replay: Replay, _given: dict[str, Any]) -> str:
            cancel_replay(replay, actor=actor(request, replay.workflow.workspace.account))
            return gettext("The replay has been canceled.")

        return self.ask(request, object_id, question, perform)

    # --- the list ---

    @display(description=_("State"), ordering="status", label=LABELS)
    def state(self, replay: Replay) -> Label:
        word = str(WORDS[replay.status])
        return Label(replay.status, f"{word}, {replay.progress} %" if replay.status == "running" else word)

    @display(description=_("Moved tasks"))
    def moved(self, replay: Replay) -> str:
        if replay.status != "done":
            return "-"
        return f"{replay.report['moved']['count']} / {replay.report['tasks']}"


# --- the report in words and figures ---


def _told(report: dict[str, Any]) -> dict[str, Any]:
    moved, agents = report["moved"], report["agents"]
    return {
        "report": report,
        "grade": GRADES[report["fidelity"]["grade"]],
        "plots": [(panel.title, mark_safe(panel.svg())) for panel in plot.panels(report)],  # noqa: S308 - escaped there.
        "headlines": _headlines(report["overall"]),
        "tables": [
            (line["name"], _rows(line)) for line in [*report["queues"], {"name": gettext("All"), **report["overall"]}]
        ],
        "flows": moved["flows"][:FLOWS_SHOWN],
        "listed": [_moved(each) for each in moved["listed"][:MOVED_SHOWN]],
        "agents": [
            (each["name"], share(each["before"]), share(each["after"])) for each in agents["listed"][:AGENTS_SHOWN]
        ],
        "busy": (share(agents["before"]), share(agents["after"])),
    }


def _headlines(overall: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The figures that decide: what, before, after."""
    before, after = overall["before"], overall["after"]
    return [
        (gettext("Mean waiting time"), duration(before["mean"]), duration(after["mean"])),
        (gettext("Nine of ten wait less than"), duration(before["p90"]), duration(after["p90"])),
        (gettext("Service level"), share(before["service_level"]), share(after["service_level"])),
        (gettext("Not served"), str(_lost(before)), str(_lost(after))),
    ]


def _lost(values: dict[str, Any]) -> int:
    return int(values["canceled"] + values["waiting"])


def _rows(line: dict[str, Any]) -> list[tuple[Any, list[str]]]:
    """What happened, its replay, and the other course of one queue."""
    return [
        (
            word,
            [
                str(line[kind]["tasks"]),
                str(line[kind]["accepted"]),
                str(line[kind]["canceled"]),
                duration(line[kind]["mean"]),
                duration(line[kind]["p90"]),
                duration(line[kind]["longest"]),
                share(line[kind]["service_level"]),
            ],
        )
        for kind, word in RUNS.items()
    ]


def _moved(each: dict[str, Any]) -> dict[str, Any]:
    waits = [duration(seconds) for seconds in each["waits"]]
    return {**each, "came": datetime.fromtimestamp(each["at"], UTC), "waits": waits, "because": _because(each["why"])}


def _because(why: dict[str, Any]) -> str:
    default = gettext("Default filter")
    old, new = why["from"] or default, why["to"] or default
    if why["because"] == "filter":
        return gettext("taken by %(new)s instead of %(old)s") % {"new": new, "old": old}
    if why["because"] == "step":
        return gettext("got to target %(new)s instead of %(old)s") % {"new": new, "old": old}
    return gettext("the same step leads elsewhere")
