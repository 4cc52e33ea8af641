"""Campaigns in the admin: written, checked row by row, started, watched."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, Question, action, actor, display, told
from agents.admin_base import WorkspacePage
from campaigns import actions, queries, wording
from campaigns.core import lists, states
from campaigns.forms import CampaignForm, ColumnsForm
from campaigns.models import Campaign, Recipient
from campaigns.payloads import recipient_payload
from kernel.errors import DomainError

ROWS = 50
_PLANNED = ("name", "address", "service", "channel", "body", "content_sid", "rate", "start_at", "calendar")
BAD_SHOWN = 200
LABELS = {"draft": "default", "running": "info", "paused": "warning", "finished": "success", "canceled": "default"}


@admin.register(Campaign)
class CampaignAdmin(WorkspacePage):
    """A draft is changed as any page; from then on a page of its own shows how far it is."""

    writes = "campaigns:write"
    can_delete_rows = True
    form = CampaignForm
    list_display = ["name", "comes_from", "state_label", "reached", "answered", "created_at"]
    list_filter = [
        "state",
        ("address", admin.RelatedOnlyFieldListFilter),
        ("service", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["address", "service", "workspace__account"]
    search_fields = ["name", "=sid"]
    ordering = ["-id"]
    actions_detail = ["start", "pause", "resume", "cancel"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = ["name", "address", "service", "channel", "body", "content_sid", "file", "start_at", "calendar", "rate"]
        return [*self.asked_workspace(request), *names]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "address":
            field.queryset = field.queryset.exclude(channel="webchat")
        return field

    def store(self, request: HttpRequest, row: Campaign | None, form: Any) -> Campaign:
        given = form.cleaned_data
        plan = actions.Plan(**{name: given[name] for name in _PLANNED})
        sheet, sheet_name = form.content()
        if row is not None:
            who = actor(request, row.workspace.account)
            return actions.update_campaign(row, plan=plan, sheet=sheet, sheet_name=sheet_name, actor=who)
        workspace = self.workspace(request, form)
        who = actor(request, workspace.account)
        return actions.create_campaign(workspace, plan=plan, sheet=sheet, sheet_name=sheet_name, actor=who)

    def remove(self, request: HttpRequest, row: Campaign) -> None:
        actions.delete_campaign(row, actor=actor(request, row.workspace.account))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._onward(obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._onward(obj)

    def _onward(self, campaign: Campaign) -> HttpResponse:
        """A fresh list is asked what its columns mean."""
        where = self.address(campaign.pk)
        fresh = reverse("admin:campaigns_campaign_list", args=[campaign.pk])
        return HttpResponseRedirect(fresh if campaign.sheet else where)

    # --- one campaign ---

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/list/", view(self.take), name="campaigns_campaign_list"),
            path("<int:pk>/progress/", view(self.progress), name="campaigns_campaign_progress"),
            path("<int:pk>/results.csv", view(self.results), name="campaigns_campaign_results"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        campaign: Campaign = self.row(request, object_id)
        editable = campaign.state == Campaign.State.DRAFT and self.has_change_permission(request)
        if editable and (request.method == "POST" or "edit" in request.GET):
            return super().change_view(request, object_id, form_url, extra_context)
        return TemplateResponse(
            request, "admin/campaigns/campaign.html", self._shown(request, campaign) | {"may_edit": editable}
        )

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar, as a fragment."""
        campaign: Campaign = self.row(request, str(pk))
        context = {"campaign": campaign, **_progress(campaign)}
        return TemplateResponse(request, "admin/campaigns/progress.html", context)

    def results(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Every row and what became of it."""
        campaign: Campaign = self.row(request, str(pk))
        answer = StreamingHttpResponse(_csv(campaign), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{campaign.sid}.csv"'
        return answer

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the columns mean; each bad row with why; then the good ones are taken."""
        campaign: Campaign = self.row(request, str(pk))
        if not campaign.sheet or not self.may_change_row(request, pk, state=Campaign.State.DRAFT):
            return HttpResponseRedirect(self.address(pk))
        sheet = lists.read(campaign.sheet)
        form = ColumnsForm(sheet, campaign.places, request.POST or None)
        found = self._judged(request, campaign, form)
        if isinstance(found, HttpResponse):
            return found
        context = {
            **self.admin_site.each_context(request),
            "title": _("Check the list"),
            "opts": self.opts,
            "object": campaign,
            "original": campaign,
            "form": form,
            "rows": len(sheet.rows),
            "found": found,
            "bad": [(bad, wording.problem(bad)) for bad in found.bad[:BAD_SHOWN]] if found else [],
            "back": self.address(pk),
        }
        return TemplateResponse(request, "admin/campaigns/list.html", context)

    def _judged(self, request: HttpRequest, campaign: Campaign, form: ColumnsForm) -> Any:
        if not form.is_valid():
            return None
        who = actor(request, campaign.workspace.account)
        try:
            if "take" not in request.POST:
                return actions.check_list(campaign, form.columns(), actor=who)
            taken = actions.take_list(campaign, form.columns(), actor=who)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, told(error))
            return None
        count = len(taken.good)
        messages.success(request, ngettext("%(n)d row was taken.", "%(n)d rows were taken.", count) % {"n": count})
        return HttpResponseRedirect(self.address(campaign.pk))

    def _shown(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        result = request.GET.get("result", "")
        rows = Paginator(queries.recipients(campaign, result=result), ROWS).get_page(request.GET.get("page"))
        return {
            **self.admin_site.each_context(request),
            "title": _("Campaign"),
            "object": campaign,
            "original": campaign,
            "opts": self.opts,
            "campaign": campaign,
            "page": rows,
            "rows": [(row, *_told(row, campaign)) for row in rows],
            "result": result,
            "choices": wording.RESULTS.items(),
            "buttons": [
                (verb, word, reverse(f"admin:campaigns_campaign_{verb}", args=[campaign.pk]))
                for verb, word in _VERBS.items()
                if campaign.state in states.CAMPAIGN.sources(verb) and self._may_write(request)
            ],
            **_progress(campaign),
        }

    # --- verbs ---

    def has_start_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "start")

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "pause")

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "resume")

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "cancel")

    def _may(self, request: HttpRequest, object_id: Any, verb: str) -> bool:
        return self.may_change_row(request, object_id, state__in=states.CAMPAIGN.sources(verb))

    @action(description=_("Start"), permissions=["start"], url_path="start")
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        count = self.row(request, object_id).recipients.count()
        text = ngettext("%(n)d customer gets the text.", "%(n)d customers get the text.", count) % {"n": count}
        question = Question(_("Start the campaign?"), text, _("Start"), danger=False)
        return self.ask(request, object_id, question, self._perform(request, actions.start))

    @action(description=_("Pause"), permissions=["pause"], url_path="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Nothing more is taken from the list until it is resumed. What is queued already goes out.")
        question = Question(_("Pause the campaign?"), text, _("Pause"), danger=False)
        return self.ask(request, object_id, question, self._perform(request, actions.pause))

    @action(description=_("Resume"), permissions=["resume"], url_path="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(_("Resume the campaign?"), _("It goes on where it stopped."), _("Resume"), danger=False)
        return self.ask(request, object_id, question, self._perform(request, actions.resume))

    @action(description=_("Cancel"), permissions=["cancel"], url_path="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Nothing more is taken from the list, ever. What is queued already goes out.")
        question = Question(_("Cancel the campaign?"), text, _("Cancel the campaign"))
        return self.ask(request, object_id, question, self._perform(request, actions.cancel))

    def _perform(self, request: HttpRequest, verb: Callable[..., Campaign]) -> Callable[[Any, dict[str, Any]], str]:
        def perform(campaign: Campaign, _given: dict[str, Any]) -> str:
            verb(campaign, actor=actor(request, campaign.workspace.account))
            return gettext("The campaign is %(state)s now.") % {"state": campaign.get_state_display()}

        return perform

    # --- the list ---

    @display(description=_("From"))
    def comes_from(self, campaign: Campaign) -> str:
        return str(campaign.sender)

    @display(description=_("State"), ordering="state", label=LABELS)
    def state_label(self, campaign: Campaign) -> Label:
        return Label(campaign.state, campaign.get_state_display())

    @display(description=_("Taken"))
    def reached(self, campaign: Campaign) -> str:
        told = queries.progress(campaign)
        return f"{told['total'] - told['results']['waiting']} / {told['total']}"

    @display(description=_("Answered"))
    def answered(self, campaign: Campaign) -> int:
        return queries.progress(campaign)["replied"]


_VERBS = {"start": _("Start"), "pause": _("Pause"), "resume": _("Resume"), "cancel": _("Cancel")}


def _progress(campaign: Campaign) -> dict[str, Any]:
    told = queries.progress(campaign)
    total, waiting = told["total"], told["results"]["waiting"]
    counted = {**told["results"], "replied": told["replied"]}
    return {
        "total": total,
        "taken": total - waiting,
        "percent": 100 * (total - waiting) // total if total else 0,
        "figures": [(name, wording.RESULTS[name], count) for name, count in counted.items() if count],
        "is_moving": campaign.state == Campaign.State.RUNNING or counted["queued"] > 0,
    }


def _told(row: Recipient, campaign: Campaign) -> tuple[str, Any, str]:
    """The result, its word, and why."""
    payload = recipient_payload(row, campaign=campaign)
    why = wording.reason(payload["reason"]) if payload["reason"] else ""
    if row.message and row.message.error_code:
        why = f"{row.message.error_code} {gettext(row.message.error_message) if row.message.error_message else ''}"
    return payload["result"], wording.RESULTS[payload["result"]], why.strip()


class _Line:
    """A file for the csv module whose writes are handed on."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _csv(campaign: Campaign) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(["line", "to", "result", "reason", "error_code", "taken", "answered"]))
    for row in queries.every_recipient(campaign):
        told = recipient_payload(row, campaign=campaign)
        cells = [told["line"], told["to"], told["result"], told["reason"], told["error_code"]]
        cells += [told["date_taken"] or "", told["date_replied"] or ""]
        yield str(writer.writerow([_harmless(str(cell)) for cell in cells]))


def _harmless(cell: str) -> str:
    """A spreadsheet takes what begins like a sum for one; numbers with a plus are what they are."""
    return f"'{cell}" if cell[:1] in "=-@\t\r" else cell
