"""Business calendars in the admin: the week, holidays, exceptions, and what comes of them in the next days."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, actor, display
from agents.admin_base import WorkspacePage
from hours import actions, queries
from hours.core.calendar import Calendar as Hours
from hours.core.document import read
from hours.core.plan import plan
from hours.core.state import State, state_at
from hours.forms import CalendarForm, holiday_choices
from hours.models import Calendar
from kernel import clock

DAYS_SHOWN = 14
REASONS = {
    "hours": _("usual hours"),
    "outside": _("outside of the hours"),
    "holiday": _("holiday"),
    "override": _("exception"),
}


@admin.register(Calendar)
class CalendarAdmin(WorkspacePage):
    """When a team is there. The page shows the next two weeks while one types."""

    writes = "config:write"
    can_delete_rows = True
    form = CalendarForm
    list_display = ["friendly_name", "name_code", "now", "next_change", "time_zone", "country", "asked_by"]
    list_select_related = ["workspace__account"]
    search_fields = ["friendly_name", "unique_name", "sid"]
    ordering = ["friendly_name"]
    readonly_fields = ["preview", "sid", "version", "created_at", "updated_at"]

    class Media:
        css = {"all": ["admin_extra/hours.css"]}
        js = [forms.Script("admin_extra/hours.js", type="module")]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [*self.asked_workspace(request), "friendly_name", "unique_name", "time_zone"]
        record = {"fields": ["sid", "version", "created_at", "updated_at"], "classes": ["collapse"]}
        return [
            (None, {"fields": names}),
            (_("The next two weeks"), {"fields": ["preview"]}),
            (_("The week"), {"fields": ["weekly"]}),
            (_("Public holidays"), {"fields": ["holidays"]}),
            (_("Exceptions"), {"fields": ["overrides"]}),
            *([(_("Record"), record)] if obj else []),
        ]

    def store(self, request: HttpRequest, row: Calendar | None, form: Any) -> Calendar:
        given = form.cleaned_data
        names = {"unique_name": given["unique_name"], "friendly_name": given["friendly_name"]}
        if row is None:
            workspace = self.workspace(request, form)
            who = actor(request, workspace.account)
            return actions.create_calendar(workspace, **names, definition=form.definition(), actor=who)
        who = actor(request, row.workspace.account)
        return actions.update_calendar(row, **names, definition=form.definition(), actor=who)

    def remove(self, request: HttpRequest, row: Calendar) -> None:
        actions.delete_calendar(row, actor=actor(request, row.workspace.account))

    # --- what the page asks for while one types ---

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(self.preview_typed), name="hours_calendar_preview"),
            path("holidays/", view(self.holidays_of), name="hours_calendar_holidays"),
            *super().get_urls(),
        ]

    def preview_typed(self, request: HttpRequest) -> HttpResponse:
        """A fragment: the next days of what is typed, or nothing new while it cannot be read."""
        if not self.has_view_permission(request):
            return HttpResponse(status=404)
        form = CalendarForm(request.POST, instance=Calendar())
        form.full_clean()
        wrong = [
            text for name in ("time_zone", "weekly", "holidays", "overrides") for text in form.errors.get(name, [])
        ]
        if wrong:
            return HttpResponse(format_html('<p class="cc-error">{}</p>', wrong[0]))
        return HttpResponse(_preview(read(form.definition())))

    def holidays_of(self, request: HttpRequest) -> HttpResponse:
        """A fragment: the parts and the holidays of ``?country=`` and ``&subdivision=``."""
        if not self.has_view_permission(request):
            return HttpResponse(status=404)
        asked = {
            "country": request.GET.get("country", ""),
            "subdivision": request.GET.get("subdivision", ""),
            "worked_holidays": request.GET.getlist("worked"),
        }
        return HttpResponse(
            render_to_string("admin/hours/holiday_choices.html", {"name": "holidays", **holiday_choices(asked)})
        )

    # --- columns ---

    @display(description=_("Preview"))
    def preview(self, calendar: Calendar) -> str:
        shown = _preview(read(calendar.definition)) if calendar.definition else ""
        return format_html('<div id="cc-plan" aria-live="polite">{}</div>', shown)

    @display(description=_("unique name"), ordering="unique_name")
    def name_code(self, calendar: Calendar) -> str:
        return format_html('<code class="cc-code">{}</code>', calendar.unique_name)

    @display(description=_("Open now?"), label={"open": "success", "closed": "danger"})
    def now(self, calendar: Calendar) -> Label:
        state = state_at(read(calendar.definition), clock.now())
        if state.open:
            return Label("open", pgettext("hours", "open"))
        name, closed = state.override or state.holiday, pgettext("hours", "closed")
        return Label("closed", f"{closed} ({name})" if name else closed)

    @display(description=_("Next change"))
    def next_change(self, calendar: Calendar) -> str:
        hours = read(calendar.definition)
        return _next_change(state_at(hours, clock.now()), ZoneInfo(hours.time_zone))

    @display(description=_("Time zone"))
    def time_zone(self, calendar: Calendar) -> str:
        return str(calendar.definition["time_zone"])

    @display(description=_("Holidays of"))
    def country(self, calendar: Calendar) -> str:
        return " ".join(filter(None, (calendar.definition["country"], calendar.definition["subdivision"]))) or "-"

    @display(description=_("Asked by"))
    def asked_by(self, calendar: Calendar) -> str:
        return queries.user_of(calendar) or "-"


def _preview(hours: Hours) -> str:
    now = clock.now()
    zone = ZoneInfo(hours.time_zone)
    local = now.astimezone(zone).replace(tzinfo=None)  # A template would take an aware one to its own zone.
    state = state_at(hours, now)
    context = {
        "state": state,
        "reason": state.override or state.holiday or REASONS[state.reason],
        "next_change": _next_change(state, zone),
        "local": local,
        "zone": hours.time_zone,
        "minute": local.hour * 60 + local.minute,
        "days": plan(hours, now, days=DAYS_SHOWN),
    }
    return render_to_string("admin/hours/preview.html", context)


def _next_change(state: State, zone: ZoneInfo) -> str:
    moment = state.next_closing if state.open else state.next_opening
    if moment is None:
        return gettext("stays so for a year")
    told = {"when": _told(moment.astimezone(zone))}
    return gettext("closes %(when)s") % told if state.open else gettext("opens %(when)s") % told


def _told(moment: datetime) -> str:
    return date_format(moment.replace(tzinfo=None), "D j M, H:i")
