"""Messaging services in the admin: a name, a pool, and whether customers keep their sender."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import CheckboxesWidget, ModelForm, actor, display
from agents.admin_base import WorkspacePage, workspaces
from conversations.actions import services
from conversations.models import Address, MessagingService


class ServiceForm(ModelForm):
    """Those of our addresses that no other pool has may be chosen."""

    addresses = forms.ModelMultipleChoiceField(
        label=_("Sender pool"),
        queryset=Address.objects.none(),
        required=False,
        widget=CheckboxesWidget,
        help_text=_("A customer gets a sender of the same channel, if possible of the same country."),
    )

    class Meta:
        model = MessagingService
        fields = ["workspace", "sid", "friendly_name", "sticky", "addresses"]
        help_texts = {
            "sid": _("As the carrier shows it: MG and 32 digits from 0 to f."),
            "sticky": _("A customer keeps the sender that he knows, as long as it is in the pool."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["addresses"] = list(self.instance.senders.values_list("address_id", flat=True))


@admin.register(MessagingService)
class MessagingServiceAdmin(WorkspacePage):
    """Several addresses under one name."""

    writes = "config:write"
    can_delete_rows = True
    form = ServiceForm
    list_display = ["friendly_name", "sid", "sticky", "pool"]
    search_fields = ["friendly_name", "sid", "senders__address__address"]
    ordering = ["friendly_name", "pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("workspace__account")
        return rows.prefetch_related("senders__address")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.asked_workspace(request), "sid", "friendly_name", "sticky", "addresses"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["sid"] if obj else [])]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        if "addresses" in made.base_fields:
            free = Q(pool=None) | Q(pool__service=obj) if obj else Q(pool=None)
            here = Address.objects.filter(free, workspace__in=workspaces(request)).exclude(channel="webchat")
            made.base_fields["addresses"].queryset = here.order_by("channel", "address")
        return made

    def store(self, request: HttpRequest, row: MessagingService | None, form: Any) -> MessagingService:
        given = form.cleaned_data
        if row is None:
            workspace = self.workspace(request, form)
            who = actor(request, workspace.account)
            row = services.create_service(
                workspace, sid=given["sid"], friendly_name=given["friendly_name"], sticky=given["sticky"], actor=who
            )
        else:
            who = actor(request, row.workspace.account)
            services.change_service(row, friendly_name=given["friendly_name"], sticky=given["sticky"], actor=who)
        return services.set_pool(row, addresses=given["addresses"], actor=who)

    def remove(self, request: HttpRequest, row: MessagingService) -> None:
        services.delete_service(row, actor=actor(request, row.workspace.account))

    @display(description=_("Sender pool"))
    def pool(self, service: MessagingService) -> str:
        return ", ".join(row.address.address for row in service.senders.all()) or "-"
