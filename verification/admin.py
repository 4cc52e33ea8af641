"""Services of one-time codes in the admin, and how verifications went, without their codes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, ModelAdmin, ModelForm, actor, display
from agents.admin_base import WorkspacePage
from conversations.core import phones
from verification import actions
from verification.actions import ServiceForm
from verification.models import Service, Verification

LABELS = {
    "pending": "warning",
    "approved": "success",
    "canceled": "default",
    "expired": "default",
    "max_attempts_reached": "danger",
}
_SHOWN = ["friendly_name", "code_length", "sms_from", "whatsapp_from", "content_sid"]


class ServicePageForm(ModelForm):
    """In whose name, how long, from where."""

    class Meta:
        model = Service
        fields = ["workspace", *_SHOWN]
        help_texts = {
            "friendly_name": _("It stands in the text: Your … verification code is: 123456."),
            "code_length": _("4 to 10."),
            "sms_from": _("Empty: the workspace's oldest number."),
            "content_sid": _("The sid (HX…) of an approved authentication template; its value 1 is the code."),
        }


@admin.register(Service)
class ServiceAdmin(WorkspacePage):
    """Programs ask it for codes, by its sid."""

    writes = "verify:configure"
    can_delete_rows = True
    form = ServicePageForm
    list_display = ["friendly_name", "sid", "code_length", "created_at"]
    search_fields = ["friendly_name", "=sid"]
    ordering = ["pk"]
    readonly_fields = ["sid"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.asked_workspace(request), *_SHOWN, *(["sid"] if obj else [])]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The journal has what the history of the routing's configuration does not know."""
        sid = self.row(request, object_id).sid
        return HttpResponseRedirect(f"{reverse('admin:eventlog_event_changelist')}?q={sid}")

    def store(self, request: HttpRequest, row: Service | None, form: Any) -> Service:
        asked = ServiceForm(**{name: form.cleaned_data[name] for name in _SHOWN})
        if row is not None:
            return actions.update_service(row, form=asked, actor=actor(request, row.workspace.account))
        workspace = self.workspace(request, form)
        return actions.create_service(workspace, form=asked, actor=actor(request, workspace.account))

    def remove(self, request: HttpRequest, row: Service) -> None:
        actions.delete_service(row, actor=actor(request, row.workspace.account))


@admin.register(Verification)
class VerificationAdmin(ModelAdmin):
    """How verifications of the last day went."""

    account_lookup = "service__workspace__account"
    list_display = ["created_at", "service", "number", "channel", "state", "sends", "checks"]
    list_filter = ["status", "channel"]
    list_select_related = ["service"]
    search_fields = ["=sid", "=to"]
    ordering = ["-pk"]
    fields = ["sid", "service", "number", "channel", "state", "sends", "checks", "created_at", "expires_at"]
    readonly_fields = ["number", "state"]

    @display(description=_("to"))
    def number(self, row: Verification) -> str:
        return phones.shown(row.to)

    @display(description=_("state"), ordering="status", label=LABELS)
    def state(self, row: Verification) -> Label:
        return Label(row.status, row.get_status_display())
