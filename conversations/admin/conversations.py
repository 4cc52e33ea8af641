"""Addresses, and conversations to read, in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from accounts.admin_base import Label, ModelAdmin, ModelForm, actor, column, display, document
from agents.admin_base import WorkspacePage
from conversations.actions import addresses
from conversations.core.keywords import Words
from conversations.models import Address, Consent, Conversation, Message

MESSAGES = 200
WORDS = ("stop_words", "start_words", "help_words")
SENDING = ("messages_per_second", "on_unknown")
AUTHORS = {"customer": _("customer"), "bot": _("bot"), "agent": _("agent"), "system": _("system")}
# Statuses that no verb of the machine leads to.
REPORTED = {
    "received": pgettext_lazy("message", "received"),
    "delivered": pgettext_lazy("message", "delivered"),
    "read": pgettext_lazy("message", "read"),
}


class AddressForm(ModelForm):
    """Where customers reach us."""

    class Meta:
        model = Address
        fields = [
            "workspace",
            "channel",
            "address",
            "friendly_name",
            "stop_words",
            "start_words",
            "help_words",
            "messages_per_second",
            "on_unknown",
        ]
        help_texts = {
            "address": _(
                "As the provider writes it: +15550001000, rcs:brand_agent, whatsapp:+15550001000, messenger:100200300, "
                "webchat:shop."
            ),
            "stop_words": _(
                "Besides STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT and CANCEL; spaces between them. "
                "Whoever sends one of them as the only word gets nothing more from here."
            ),
            "start_words": _("Besides START, YES and UNSTOP."),
            "help_words": _("Besides HELP and INFO."),
            "messages_per_second": _(
                "Empty: 1 for a long number, 3 toll-free, 100 for a short code, 80 on WhatsApp, 10 on Messenger "
                "and RCS. A long SMS counts with each of its parts. What comes faster waits its turn."
            ),
            "on_unknown": _(
                "When the line breaks while a message is sent and the provider's list does not hold it afterwards."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on_unknown"].required = False

    def clean_on_unknown(self) -> str:
        """Not given: as it is."""
        return str(self.cleaned_data["on_unknown"] or self.instance.on_unknown)


@admin.register(Address)
class AddressAdmin(WorkspacePage):
    """Our numbers and senders; an intake says where their customers' words go."""

    writes = "config:write"
    can_delete_rows = True
    form = AddressForm
    list_display = ["friendly_name", "address", "channel", "workflow"]
    list_filter = ["channel"]
    search_fields = ["friendly_name", "address", "sid"]
    ordering = ["friendly_name", "pk"]
    readonly_fields = ["sid"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("workspace__account", "intake__workflow")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            *self.asked_workspace(request),
            "channel",
            "address",
            "friendly_name",
            *WORDS,
            *SENDING,
            *(["sid"] if obj else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["channel", "address"] if obj else [])]

    def store(self, request: HttpRequest, row: Address | None, form: Any) -> Address:
        given = form.cleaned_data
        words = Words(*(given[name] for name in WORDS))
        sending = {name: given[name] for name in SENDING}
        if row is not None:
            who = actor(request, row.workspace.account)
            addresses.rename_address(row, friendly_name=given["friendly_name"], actor=who)
            addresses.set_words(row, words=words, actor=who)
            return addresses.set_sending(row, **sending, actor=who)
        workspace = self.workspace(request, form)
        who = actor(request, workspace.account)
        made = addresses.create_address(
            workspace,
            channel=given["channel"],
            address=given["address"],
            friendly_name=given["friendly_name"],
            actor=who,
        )
        addresses.set_words(made, words=words, actor=who)
        return addresses.set_sending(made, **sending, actor=who)

    def remove(self, request: HttpRequest, row: Address) -> None:
        addresses.delete_address(row, actor=actor(request, row.workspace.account))

    @display(description=_("Workflow"))
    def workflow(self, address: Address) -> str:
        intake = getattr(address, "intake", None)
        if intake:
            return str(intake.workflow)
        url = f"{reverse('admin:interactions_intake_add')}?address={address.pk}"
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("None: nobody is asked. Choose…"))


@admin.register(Conversation)
class ConversationAdmin(ModelAdmin):
    """What was said, to read."""

    labels = {"address": _("Our address")}
    list_display = [
        "created_at",
        "contact",
        "channel",
        column("address", labels["address"]),
        "state_label",
        "owner",
        column("last_index", _("Messages")),
    ]
    list_filter = ["state", "channel", "owner", ("address", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["address", "identity__contact"]
    search_fields = [
        "=sid",
        "=identity__address",
        "identity__contact__name",
        "=messages__sid",
        "=messages__provider_sid",
    ]
    search_help_text = _("A sid of a conversation or message, the customer's address, or the customer's name.")
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["contact", "customer", "channel", "address", "state_label", "owner"]}),
        (_("Messages"), {"fields": ["said"]}),
        (
            _("Record"),
            {"fields": ["sid", "created_at", "closed_at", "agents", "facts"], "classes": ["collapse"]},
        ),
    ]
    readonly_fields = ["contact", "customer", "state_label", "said", "agents", "facts"]

    @display(description=_("Customer"), ordering="identity__contact__name")
    def contact(self, conversation: Conversation) -> str:
        return conversation.identity.contact.name or conversation.identity.address

    @display(description=_("Customer's address"))
    def customer(self, conversation: Conversation) -> str:
        return conversation.identity.address

    @display(description=_("state"), ordering="state", label={"active": "success", "closed": "info"})
    def state_label(self, conversation: Conversation) -> Label:
        return Label(conversation.state, conversation.get_state_display())

    @display(description=_("Agents"))
    def agents(self, conversation: Conversation) -> str:
        rows = conversation.participants.select_related("worker").order_by("joined_at")
        return ", ".join(row.worker.friendly_name for row in rows)

    @display(description=_("attributes"))
    def facts(self, conversation: Conversation) -> str:
        return document(conversation.attributes)

    @display(description="")
    def said(self, conversation: Conversation) -> str:
        newest = Message.objects.filter(conversation=conversation).order_by("-index")[:MESSAGES]
        lines = format_html_join(
            "",
            '<li class="cc-{}"><span>{} · {} · {}</span><p>{}</p></li>',
            (
                (
                    row.direction,
                    row.author_name or AUTHORS.get(row.author_kind, row.author_kind),
                    f"{row.created_at:%Y-%m-%d %H:%M}",
                    REPORTED.get(row.status) or pgettext("message", row.status),
                    row.body,
                )
                for row in reversed(newest)
            ),
        )
        return format_html('<ol class="cc-said">{}</ol>', lines)


@admin.register(Consent)
class ConsentAdmin(ModelAdmin):
    """Who withdrew or gave consent, when, and by which message: to read and to show."""

    account_lookup = "address__workspace__account"
    list_display = ["created_at", "identity", "address", "service", "channel", "what_label", "source", "evidence"]
    list_filter = ["what", "source", "channel", ("address", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["identity", "address", "service"]
    search_fields = ["=sid", "=identity__address", "=message__sid", "=message__conversation__sid"]
    search_help_text = _("The customer's address, or a sid of a line, message or conversation.")
    ordering = ["-id"]
    fields = [
        "sid",
        "created_at",
        "identity",
        "address",
        "service",
        "channel",
        "what_label",
        "source",
        "evidence",
        "message_sid",
    ]
    readonly_fields = ["what_label", "message_sid"]

    @display(description=_("consent"), ordering="what", label={"withdrawn": "danger", "given": "success"})
    def what_label(self, line: Consent) -> Label:
        return Label(line.what, line.get_what_display())

    @display(description=_("message"))
    def message_sid(self, line: Consent) -> str:
        return line.message.sid if line.message else "-"
