"""What is to be said later, over all conversations: to find, to read, to call off."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, ModelAdmin, Question, action, actor, column, display
from carriers.twilio.errors import remedy
from conversations import actions
from conversations.core.states import SCHEDULED
from conversations.models import ScheduledMessage

COLOURS = {"scheduled": "info", "sent": "success", "failed": "danger", "canceled": "warning"}


@admin.register(ScheduledMessage)
class ScheduledMessageAdmin(ModelAdmin):
    """Words that wait for their time, and what became of the others."""

    writes = "config:write"
    can_add = can_change = False
    account_lookup = "conversation__workspace__account"
    list_display = ["due_at", "state_label", "contact", column("author_name", _("Author")), "words"]
    list_filter = ["status", ("conversation__address", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["conversation__identity__contact", "conversation__workspace__account", "message"]
    search_fields = [
        "=sid",
        "=conversation__sid",
        "=conversation__identity__address",
        "conversation__identity__contact__name",
        "author_name",
    ]
    search_help_text = _("The customer's name or address, the author's name, or a sid.")
    date_hierarchy = "due_at"
    ordering = ["-due_at", "-pk"]
    actions_detail = ["cancel"]
    fields = ["due_at", "state_label", "why", "contact", "author_name", "body", "sid", "conversation", "created_at"]
    readonly_fields = ["state_label", "why", "contact"]

    @display(description=_("state"), ordering="status", label=COLOURS)
    def state_label(self, row: ScheduledMessage) -> Label:
        return Label(row.status, row.get_status_display())

    @display(description=_("Customer"))
    def contact(self, row: ScheduledMessage) -> str:
        return row.conversation.identity.contact.name or row.conversation.identity.address

    @display(description=_("Text"))
    def words(self, row: ScheduledMessage) -> str:
        return row.body[:90]

    @display(description=_("Why it was not sent"))
    def why(self, row: ScheduledMessage) -> str:
        return f"{gettext(remedy(row.error_code))} ({row.error_code})" if row.error_code else "-"

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, status__in=SCHEDULED.sources("cancel"))

    @action(description=_("Do not send"), icon="cancel", permissions=["cancel"], url_path="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Call this message off?"),
            _("It is never sent. Its author sees that it was called off."),
            _("Do not send"),
        )

        def perform(row: ScheduledMessage, _given: dict[str, Any]) -> str:
            actions.cancel_scheduled(row, actor=actor(request, row.conversation.workspace.account))
            return gettext("It will not be sent.")

        return self.ask(request, object_id, question, perform)
