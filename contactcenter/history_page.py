"""The page of the configuration's history, for who may see the floor."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin_base import SelectWidget, TextInputWidget, visible_account
from accounts.models import ApiKey, User
from agents.admin_base import workspaces
from contactcenter import history
from hours.core.calendar import WEEKDAYS

KINDS: Final[Mapping[str, Promise]] = {
    "workspace": _("Workspace"),
    "activity": _("Activity"),
    "task-channel": _("Task channel"),
    "worker": _("Worker"),
    "task-queue": _("Queue"),
    "workflow": _("Workflow"),
    "calendar": _("Business hours"),
    "address": _("Address"),
    "messaging-service": _("Messaging service"),
    "deployment": _("Web chat"),
    "intake": _("Intake"),
}
VERBS: Final[Mapping[str, Promise]] = {
    "created": pgettext_lazy("history", "made"),
    "deleted": pgettext_lazy("history", "deleted"),
    "draft.saved": pgettext_lazy("history", "draft saved"),
    "draft.discarded": pgettext_lazy("history", "draft discarded"),
    "published": pgettext_lazy("history", "published"),
    "reverted": pgettext_lazy("history", "back to an earlier version"),
}
CHANGED: Final = pgettext_lazy("history", "changed")
FIELDS: Final[Mapping[str, str | Promise]] = {
    "friendly_name": _("Name"),
    "unique_name": _("Unique name"),
    "default_activity": _("Default activity"),
    "timeout_activity": _("Timeout activity"),
    "prioritize_queue_order": _("Order of queues"),
    "event_callback_url": _("Event callback"),
    "events_filter": _("Events told"),
    "available": _("Available"),
    "channel_optimized_routing": _("Line of its own"),
    "attributes": _("Attributes"),
    "skills": _("Skills"),
    "languages": _("Languages"),
    "configured_capacity": _("Capacity"),
    "target_workers": _("Target workers"),
    "task_order": _("Order"),
    "max_reserved_workers": _("Asked at once"),
    "reservation_activity": _("Activity while asked"),
    "assignment_activity": _("Activity at work"),
    "task_reservation_timeout": _("Seconds to answer"),
    "assignment_callback_url": _("Assignment callback"),
    "fallback_assignment_callback_url": _("Second assignment callback"),
    "time_zone": _("Time zone"),
    "weekly": _("Week"),
    "country": _("Holidays of"),
    "subdivision": _("Part of the country"),
    "worked_holidays": _("Worked holidays"),
    "overrides": _("Exceptions"),
    "address": _("Address"),
    "channel": _("Channel"),
    "sticky": _("Sticky sender"),
    "addresses": _("Sender pool"),
    "allowed_origins": _("Allowed sites"),
    "calendar": _("Business hours"),
    "fields": _("Asked first"),
    "greeting_en": _("Greeting in English"),
    "greeting_es": _("Greeting in Spanish"),
    "closed_en": _("Closed, in English"),
    "closed_es": _("Closed, in Spanish"),
    "workflow": _("Workflow"),
    "bot": _("Bot"),
    **dict(zip(WEEKDAYS, DAY_NAMES.values(), strict=True)),
}
DATE: Final = {"type": "date"}


class AskForm(forms.Form):
    """Which changes."""

    kind = forms.ChoiceField(
        label=_("What"), required=False, choices=[("", _("everything")), *KINDS.items()], widget=SelectWidget
    )
    q = forms.CharField(label=_("Called"), required=False, max_length=64, widget=TextInputWidget({"type": "search"}))
    by = forms.ChoiceField(label=_("By"), required=False, widget=SelectWidget)
    since = forms.DateField(label=_("From"), required=False, widget=TextInputWidget(DATE))
    until = forms.DateField(label=_("Until"), required=False, widget=TextInputWidget(DATE))
    about = forms.CharField(required=False, max_length=34, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, people: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["by"].choices = [("", _("anybody")), *people]  # type: ignore[attr-defined]

    def asked(self) -> history.Asked:
        """What was filled in; what cannot be is left out."""
        self.full_clean()
        given = self.cleaned_data
        return history.Asked(
            kind=given.get("kind", ""),
            about=given.get("about", ""),
            by=given.get("by", ""),
            since=given.get("since"),
            until=given.get("until"),
            word=given.get("q", ""),
            before=given.get("before"),
        )


def history_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The page; ``?about=`` a sid shows one thing's."""
    form = AskForm(request.GET, people=_people(request))
    asked = form.asked()
    found, older = history.changes(workspaces(request), asked)
    query = request.GET.copy()
    query.pop("before", None)
    context |= {
        "title": _("Changes"),
        "form": form,
        "asked": asked,
        "subject": found[0].name if asked.about and found else asked.about,
        "lines": [(change, KINDS[change.kind], _verb(change), _fields(change)) for change in found],
        "older": f"{query.urlencode()}&before={older}" if older else "",
        "newest": query.urlencode(),
    }
    return TemplateResponse(request, "admin/history.html", context)


def _people(request: HttpRequest) -> list[tuple[str, str]]:
    users = visible_account(request, User.objects.order_by("first_name", "username"), "account")
    keys = visible_account(request, ApiKey.objects.order_by("friendly_name"), "account")
    named = [(user.sid, user.get_full_name() or user.get_username()) for user in users]
    return [*named, *((key.sid, key.friendly_name) for key in keys)]


def _verb(change: history.Change) -> str | Promise:
    return VERBS.get(change.verb, CHANGED)


def _fields(change: history.Change) -> list[tuple[str, str, str]]:
    return [(" › ".join(map(_word, field.path)), field.before, field.after) for field in change.fields]


def _word(name: str) -> str:
    return str(FIELDS.get(name, name)).capitalize() if name in FIELDS else name
