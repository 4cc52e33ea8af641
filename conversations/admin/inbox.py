"""The inbox in the admin: webhooks that wait, or were set aside, with the reason and another try."""

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, ModelAdmin, Question, action, actor, display, document
from accounts.models import User
from conversations import queries
from conversations.actions import inbox
from conversations.models import Arrival

REASONS = {inbox.NOT_OURS: _("the address is not ours: add it under Addresses, and it is tried again")}


class Standing(admin.SimpleListFilter):
    """Set aside, or on its way."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("aside", _("set aside")), ("waiting", pgettext_lazy("arrival", "waiting"))]

    def queryset(self, _request: HttpRequest, rows: Any) -> Any:
        chosen = {"aside": True, "waiting": False}.get(self.value() or "")
        return rows if chosen is None else rows.filter(due_at__isnull=chosen)


@admin.register(Arrival)
class ArrivalAdmin(ModelAdmin):
    """What the carrier brought and does not stand in a conversation yet."""

    writes = "config:write"
    can_add = can_change = False
    list_display = ["received_at", "kind", "key", "ours", "state", "why", "attempts"]
    list_filter = [Standing, "kind"]
    search_fields = ["=key", "=ours"]
    search_help_text = _("The provider's sid, or our address.")
    ordering = ["-id"]
    fields = ["received_at", "kind", "key", "ours", "state", "why", "attempts", "due_at", "content"]
    readonly_fields = ["state", "why", "content"]
    actions_detail = ["retry"]

    def get_queryset(self, request: HttpRequest) -> Any:
        person = request.user
        if not isinstance(person, User) or (person.account is None and not person.is_superuser):
            return Arrival.objects.none()
        return queries.visible_arrivals(person.account)

    @display(description=_("state"), ordering="due_at", label={"aside": "danger", "waiting": "info"})
    def state(self, arrival: Arrival) -> Label:
        if arrival.due_at is None:
            return Label("aside", gettext("set aside"))
        return Label("waiting", str(pgettext_lazy("arrival", "waiting")))

    @display(description=_("reason"), ordering="reason")
    def why(self, arrival: Arrival) -> str:
        known = REASONS.get(arrival.reason)
        return str(known) if known else arrival.reason or "-"

    @display(description=_("Data"))
    def content(self, arrival: Arrival) -> str:
        return document(dict(parse_qsl(bytes(arrival.body).decode("utf-8", "replace"), keep_blank_values=True)))

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, due_at__isnull=True)

    @action(description=_("Try again"), icon="replay", permissions=["retry"], url_path="retry")
    def retry(self, request: HttpRequest, object_id: str) -> Any:
        question = Question(
            _("Try this again?"),
            _("It comes in as if it arrived now. If it cannot, it is set aside again."),
            _("Try again"),
            danger=False,
        )

        def perform(arrival: Arrival, _given: dict[str, Any]) -> str:
            inbox.retry(arrival, actor=actor(request))
            return gettext("It is being tried again.")

        return self.ask(request, object_id, question, perform)
