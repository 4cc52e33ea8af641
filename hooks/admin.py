"""Webhook endpoints, and what they were sent, in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import OfAccount
from accounts.admin_base import (
    DANGER,
    Label,
    ModelAdmin,
    ModelForm,
    Part,
    Question,
    action,
    actor,
    column,
    display,
    document,
)
from hooks import actions
from hooks.core.states import DISPATCH
from hooks.models import Dispatch, Endpoint, Kind


class EndpointForm(ModelForm):
    """An integrator's address."""

    class Meta:
        model = Endpoint
        fields = ["account", "friendly_name", "url", "active"]
        help_texts = {
            "url": _("Where events are sent, signed, such as https://bot.example.com/webhooks."),
            "active": _("What is queued for an inactive endpoint waits."),
        }


@admin.register(Endpoint)
class EndpointAdmin(OfAccount):
    """Who hears of conversations by webhook. The signing secret is shown once."""

    writes = "config:write"
    form = EndpointForm
    list_display = ["friendly_name", "url", "active", "waiting", "created_at"]
    search_fields = ["friendly_name", "url", "sid"]
    ordering = ["friendly_name"]
    readonly_fields = ["sid", "created_at"]
    actions_detail = ["renew"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind=Kind.WEBHOOK).select_related("account")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = [name for name in ("account",) if name not in self.get_exclude(request, obj)]
        return [*asked, "friendly_name", "url", *(["active", "sid", "created_at"] if obj else [])]

    def store(self, request: HttpRequest, row: Endpoint | None, form: Any) -> Endpoint:
        given = form.cleaned_data
        if row is not None:
            return actions.update_endpoint(
                row,
                friendly_name=given["friendly_name"],
                url=given["url"],
                active=given["active"],
                actor=actor(request, row.account),
            )
        account = self.account(request, form)
        endpoint, secret = actions.create_endpoint(
            account=account, friendly_name=given["friendly_name"], url=given["url"], actor=actor(request, account)
        )
        request.new_secret = secret  # type: ignore[attr-defined]
        return endpoint

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj, request.new_secret)  # type: ignore[attr-defined]

    def _show_secret(self, request: HttpRequest, row: Endpoint, secret: str) -> HttpResponse:
        hint = _("The endpoint checks every webhook's signature with it.")
        return self.show_once(request, row, title=_("The signing secret"), parts=[Part(_("Secret"), secret)], hint=hint)

    @display(description=_("Waiting"))
    def waiting(self, endpoint: Endpoint) -> int:
        return endpoint.dispatches.filter(status=Dispatch.Status.PENDING).count()

    def has_renew_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_write(request)

    @action(description=_("New secret"), icon="key", permissions=["renew"], url_path="secret", variant=DANGER)
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Make a new signing secret?"),
            _("The old one signs nothing from now on: give the endpoint the new one at once."),
            _("New secret"),
        )

        def perform(endpoint: Endpoint, _given: dict[str, Any]) -> HttpResponse:
            secret = actions.renew_secret(endpoint, actor=actor(request, endpoint.account))
            return self._show_secret(request, endpoint, secret)

        return self.ask(request, object_id, question, perform)


@admin.register(Dispatch)
class DispatchAdmin(ModelAdmin):
    """What endpoints were sent, and what they answered; it can be sent again."""

    writes = "config:write"
    can_add = can_change = False
    account_lookup = "endpoint__account"
    labels = {"subject_sid": _("About"), "event_sid": _("Event")}
    list_display = [
        "moment",
        column("endpoint", _("Endpoint")),
        "type",
        "state",
        "attempts",
        "last_status",
        "last_error",
        "due_at",
    ]
    list_filter = ["status", "endpoint__kind", ("endpoint", admin.RelatedOnlyFieldListFilter), "type"]
    list_select_related = ["endpoint__account"]
    search_fields = ["=sid", "=event_sid", "=subject_sid"]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["receiver", "target", "type", "subject_sid", "event_sid", "moment", "body"]}),
        (
            _("Delivery"),
            {
                "fields": [
                    "state",
                    "attempts",
                    "last_status",
                    "last_error",
                    "answer",
                    "due_at",
                    "delivered_at",
                    "replayed_at",
                ]
            },
        ),
    ]
    readonly_fields = ["receiver", "target", "moment", "state", "body"]
    actions_detail = ["replay"]

    @display(description=_("created"), ordering="id")
    def moment(self, dispatch: Dispatch) -> str:
        """To the second: a minute holds many."""
        at = localtime(dispatch.created_at)
        return f"{date_format(at, 'SHORT_DATE_FORMAT')} {at:%H:%M:%S}"

    @display(
        description=_("status"),
        ordering="status",
        label={"pending": "warning", "delivered": "success", "failed": "danger"},
    )
    def state(self, dispatch: Dispatch) -> Label:
        return Label(dispatch.status, dispatch.get_status_display())

    @display(description=_("Endpoint"))
    def receiver(self, dispatch: Dispatch) -> str:
        """A callback has no page of its own: its address stands where it is set."""
        endpoint = dispatch.endpoint
        if endpoint.kind == Kind.WEBHOOK:
            page = reverse("admin:hooks_endpoint_change", args=[endpoint.pk])
            return format_html('<a class="cc-link" href="{}">{}</a>', page, endpoint)
        return f"{endpoint} ({endpoint.get_kind_display()})"

    @display(description=_("address"))
    def target(self, dispatch: Dispatch) -> str:
        urls = [url for url in (dispatch.endpoint.url, dispatch.endpoint.fallback_url) if url]
        return format_html_join(mark_safe("<br>"), "{}", [(url,) for url in urls])

    @display(description=_("Data"))
    def body(self, dispatch: Dispatch) -> str:
        return document(dispatch.payload)

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, status__in=DISPATCH.sources("replay"), endpoint__active=True)

    @action(description=_("Send again"), icon="replay", permissions=["replay"], url_path="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Send this again?"),
            _("The endpoint gets it with the same id and the same body, whether or not it has had it before."),
            _("Send again"),
            danger=False,
        )

        def perform(dispatch: Dispatch, _given: dict[str, Any]) -> str:
            actions.replay(dispatch, actor=actor(request, dispatch.endpoint.account))
            return gettext("It is on its way.")

        return self.ask(request, object_id, question, perform)
