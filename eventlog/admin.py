"""The journal's page. The package that knows workspaces registers it: which events a person may see hangs on them."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelAdmin, column, display, document
from eventlog.models import Event, Position


class EventPage(ModelAdmin):
    """Events, newest first, to look at."""

    labels = {
        "type": _("Type"),
        "created_at": _("When"),
        "subject_sid": _("About"),
        "workspace_sid": _("Workspace"),
        "ref": _("Reference"),
    }
    list_display = [
        column("created_at", labels["created_at"]),
        column("type", labels["type"]),
        column("subject_sid", labels["subject_sid"]),
        "who",
    ]
    list_filter = ["type", "actor_kind"]
    search_fields = ["=subject_sid", "=sid", "=actor_sid", "=ref"]
    search_help_text = _("A sid: of the event, of what it is about, of who did it.")
    ordering = ["-id"]
    date_hierarchy = "created_at"
    fields = ["sid", "type", "created_at", "position", "subject_sid", "workspace_sid", "who", "ref", "heard_by", "told"]
    readonly_fields = ["position", "who", "heard_by", "told"]

    def get_queryset(self, request: HttpRequest) -> Any:
        raise NotImplementedError

    @display(description=_("Position"))
    def position(self, event: Event) -> int | None:
        return Position.objects.filter(event=event).values_list("position", flat=True).first()

    @display(description=_("Who"))
    def who(self, event: Event) -> str:
        return f"{event.actor_kind} {event.actor_sid}".strip()

    @display(description=_("Heard by"))
    def heard_by(self, event: Event) -> str:
        return ", ".join(event.audiences)

    @display(description=_("Data"))
    def told(self, event: Event) -> str:
        return document(event.data)
