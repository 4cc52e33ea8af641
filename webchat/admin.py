"""Web chats: where they may stand, what they say and ask first, and when somebody is there."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelAdmin, ModelForm, MonoTextarea, actor, display
from webchat import actions, prechat
from webchat.models import Deployment


class DeploymentForm(ModelForm):
    """A site a line, and a field a line."""

    allowed_origins = forms.CharField(
        label=_("Allowed sites"),
        widget=MonoTextarea({"rows": 4, "placeholder": "https://shop.example.com"}),
        required=False,
        help_text=_("One a line: scheme and host, as in https://shop.example.com or https://*.example.com"),
    )

    fields_text = forms.CharField(
        label=_("Asked first"),
        widget=MonoTextarea({"rows": 4, "placeholder": "email* | E-mail | Correo electrónico"}),
        required=False,
        help_text=_(
            "One a line: name | English label | Spanish label. A star behind the name asks for an answer. email and "
            "phone are checked. Workflows can route by the answers: task attributes of these names."
        ),
    )
    error_fields = {"fields": "fields_text"}

    class Meta:
        model = Deployment
        fields = ["address", "allowed_origins", "calendar", *actions.TEXTS]
        help_texts = {
            "address": _("Without one to choose: make an address of the channel “Web chat” first."),
            "calendar": _("Outside these hours the chat says so, and when you are back. Empty: no hours are shown."),
            "greeting_en": _("Above the first words. Empty: our own."),
            "closed_en": _("What is said while you are closed. Empty: our own."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["allowed_origins"] = "\n".join(self.instance.allowed_origins)
        self.initial["fields_text"] = prechat.written(self.instance.fields)

    def clean_allowed_origins(self) -> list[str]:
        lines = str(self.cleaned_data["allowed_origins"]).split()
        return [line.lower().rstrip("/") for line in lines]


@admin.register(Deployment)
class DeploymentAdmin(ModelAdmin):
    """A web chat without a list may stand on our own pages only (while trying it out: on local ones as well)."""

    account_lookup = "address__workspace__account"
    writes = "config:write"
    form = DeploymentForm
    list_display = ["address", "sites", "calendar"]
    list_select_related = ["address__workspace__account", "calendar"]
    readonly_fields = ["snippet"]
    fieldsets = [
        (None, {"fields": ["address", "snippet", "allowed_origins"]}),
        (_("Hours"), {"fields": ["calendar", "closed_en", "closed_es"]}),
        (_("Before the first words"), {"fields": ["greeting_en", "greeting_es", "fields_text"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["address"] if obj else [])]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "address":
            field.queryset = field.queryset.filter(channel="webchat", deployment=None)
        return field

    def store(self, request: HttpRequest, row: Deployment | None, form: Any) -> Deployment:
        address = row.address if row is not None else form.cleaned_data["address"]
        who = actor(request, address.workspace.account)
        given = form.cleaned_data
        setting = actions.Setting(
            origins=given["allowed_origins"],
            calendar=given["calendar"],
            fields=given["fields_text"],
            texts={name: given[name] for name in actions.TEXTS},
        )
        return actions.deploy(address, setting=setting, actor=who)

    @display(description=_("For your pages"))
    def snippet(self, deployment: Deployment) -> str:
        """The line that brings this web chat onto a page."""
        if not deployment.pk:
            return gettext("The line for your pages stands here as soon as this is saved.")
        url = settings.PUBLIC_URL + reverse("chat-widget")
        line = '<code class="cc-snippet">&lt;script src="{}" data-deployment="{}" async&gt;&lt;/script&gt;</code>'
        return format_html(line, url, deployment.address.address.removeprefix("webchat:"))

    @display(description=_("allowed sites"))
    def sites(self, deployment: Deployment) -> str:
        return ", ".join(deployment.allowed_origins)
