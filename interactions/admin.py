"""Intakes, and hand-offs to look at, in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelAdmin, ModelForm, actor, column, display
from interactions import actions, queries
from interactions.models import HandOff, Intake


class IntakeForm(ModelForm):
    """Where an address leads."""

    class Meta:
        model = Intake
        fields = ["address", "workflow", "bot"]


@admin.register(Intake)
class IntakeAdmin(ModelAdmin):
    """An address, the workflow that its customers enter, and the bot that answers first."""

    writes = "config:write"
    can_delete_rows = True
    account_lookup = "address__workspace__account"
    labels = {"address": _("Address"), "workflow": _("Workflow")}
    form = IntakeForm
    fields = ["address", "workflow", "bot"]
    list_display = [column("address", _("Address")), column("workflow", _("Workflow")), "bot"]
    list_select_related = ["address", "workflow", "bot"]
    search_fields = ["address__address", "address__friendly_name"]
    ordering = ["address__friendly_name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("address__workspace__account")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["address"] if obj else []

    def store(self, request: HttpRequest, row: Intake | None, form: Any) -> Intake:
        given = form.cleaned_data
        address = row.address if row else given["address"]
        return actions.save_intake(
            address,
            workflow=given["workflow"],
            bot=given["bot"],
            intake=row,
            actor=actor(request, address.workspace.account),
        )

    def remove(self, request: HttpRequest, row: Intake) -> None:
        actions.delete_intake(row, actor=actor(request, row.address.workspace.account))


@admin.register(HandOff)
class HandOffAdmin(ModelAdmin):
    """What bots handed over, and where it stands."""

    labels = {"key": _("API key"), "idempotency_key": _("Idempotency key")}
    list_display = ["created_at", column("key", labels["key"]), "standing", "agent", "conversation", "task"]
    list_select_related = ["key", "interaction__conversation", "interaction__task__task_queue"]
    search_fields = ["=sid", "=idempotency_key", "=interaction__task__sid", "=interaction__conversation__sid"]
    ordering = ["-created_at"]
    fields = ["sid", "created_at", "key", "idempotency_key", "standing", "agent", "conversation", "task"]
    readonly_fields = ["standing", "agent", "conversation", "task"]

    @display(description=_("State"))
    def standing(self, handed: HandOff) -> str:
        payload = queries.handoff_payload(handed)
        place = payload["position"]
        return f"{payload['state']} ({place})" if place else payload["state"]

    @display(description=_("Agent"))
    def agent(self, handed: HandOff) -> str:
        return queries.agent_of(handed.interaction.task) or "-"

    @display(description=_("Conversation"))
    def conversation(self, handed: HandOff) -> str:
        return handed.interaction.conversation.sid

    @display(description=_("Task"))
    def task(self, handed: HandOff) -> str:
        return handed.interaction.task.sid
