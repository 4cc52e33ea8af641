"""Customers in the admin: who they are, what we know of them, whether we talk to them."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    DANGER,
    Label,
    ModelAdmin,
    ModelForm,
    Question,
    SelectWidget,
    TextInputWidget,
    action,
    actor,
    display,
    may,
)
from conversations import actions
from conversations.core import phones
from conversations.models import Channel, Contact, ContactField
from conversations.queries import contacts as contact_queries
from kernel.errors import Invalid

_PREFIX = "field_"
_TALKS = 20
CHANNELS = dict(Channel.choices)


class ContactForm(ModelForm):
    """Name, and the workspace's fields, which `ContactPage` adds."""

    class Meta:
        model = Contact
        fields = ["name"]


class ReasonForm(forms.Form):
    """Why nobody is to answer."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=TextInputWidget)


class MergeForm(forms.Form):
    """Who else the person is."""

    other = forms.CharField(
        label=_("Other contact"),
        help_text=_("The name, a number as you would dial it, or the sid (CT…)."),
        widget=TextInputWidget,
    )


class SplitForm(forms.Form):
    """Which identity leaves."""

    identity = forms.ChoiceField(label=_("Identity"), widget=SelectWidget)

    def __init__(self, *args: Any, addresses: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["identity"].choices = addresses  # type: ignore[attr-defined]


class ContactPage(ModelAdmin):
    """A customer. The package that can copy and erase a person's data registers it."""

    writes = "contacts:write"
    can_add = False
    form = ContactForm
    list_display = ["called", "reached", "standing", "created_at"]
    list_filter = [("blocked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    search_help_text = _("A name, a number as you would dial it, or what stands in a field.")
    ordering = ["-pk"]
    readonly_fields = ["sid", "reached", "standing", "talks", "created_at"]
    actions_detail = ["merge", "split", "undo", "block", "unblock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        rows = super().get_queryset(request).filter(merged_into__isnull=True)
        return rows.select_related("workspace__account").prefetch_related("identities")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        region = next((contact_queries.home(row.workspace) for row in queryset[:1]), "")
        return contact_queries.matching(queryset, search_term, region=region), False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.erased_at is None)

    # --- name and fields ---

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = [_PREFIX + field.key for field in _fields(obj)] if obj and obj.erased_at is None else []
        return [
            (None, {"fields": ["name", *asked, "reached", "standing"]}),
            (_("Conversations"), {"fields": ["talks"]}),
            (_("Record"), {"fields": ["sid", "created_at"], "classes": ["collapse"]}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and self.has_change_permission(request, obj):
            known = {row["key"]: row["value"] for row in contact_queries.fields_payload(obj)}
            asked = {_PREFIX + field.key: _form_field(field, known[field.key]) for field in _fields(obj)}
            errors = {f"fields.{field.key}": _PREFIX + field.key for field in _fields(obj)}
            kwargs["form"] = type("ContactForm", (ContactForm,), {**asked, "error_fields": errors})
        return super().get_form(request, obj, change=change, **kwargs)

    def store(self, request: HttpRequest, row: Contact, form: Any) -> Contact:
        who, given = actor(request, row.workspace.account), form.cleaned_data
        values = {name.removeprefix(_PREFIX): text for name, text in given.items() if name.startswith(_PREFIX)}
        named = actions.rename_contact(row, name=given["name"], actor=who)
        return actions.set_fields(named, values=values, actor=who)

    # --- what is shown ---

    @display(description=_("name"), ordering="name")
    def called(self, contact: Contact) -> str:
        if contact.erased_at is not None:
            return gettext("erased")
        return contact.name or ", ".join(self._addresses(contact)) or contact.sid

    @display(description=_("Identities"))
    def reached(self, contact: Contact) -> str:
        if contact.erased_at is not None:
            return "-"
        rows = zip(contact.identities.all(), self._addresses(contact), strict=True)
        lines = [(CHANNELS[row.channel], shown) for row, shown in rows]
        return format_html_join("", '<span class="cc-identity">{} · {}</span><br>', lines)

    @display(description=_("state"), label={"blocked": "danger", "erased": "info", "usual": "success"})
    def standing(self, contact: Contact) -> Label:
        if contact.erased_at is not None:
            return Label("erased", gettext("erased"))
        if contact.blocked_at is not None:
            return Label("blocked", gettext("blocked: %(reason)s") % {"reason": contact.blocked_reason or "-"})
        return Label("usual", gettext("usual"))

    @display(description="")
    def talks(self, contact: Contact) -> str:
        rows = contact_queries.talks_to_look_at(contact)[:_TALKS]
        lines = [
            (
                reverse("admin:conversations_conversation_change", args=[row.pk]),
                f"{row.created_at:%Y-%m-%d %H:%M}",
                CHANNELS[row.channel],
                row.address.friendly_name,
                row.get_state_display(),
            )
            for row in rows
        ]
        return format_html_join("", '<a class="cc-link" href="{}">{}</a> · {} · {} · {}<br>', lines) or "-"

    def _addresses(self, contact: Contact) -> list[str]:
        region = contact_queries.home(contact.workspace)
        return [phones.shown(row.address, home=region) for row in contact.identities.all()]

    # --- verbs ---

    def has_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, erased_at__isnull=True)

    @action(description=_("Merge…"), icon="merge", permissions=["merge"], url_path="merge")
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Merge with another contact?"),
            _("Both are one person from then on: this contact keeps its name and fields, and gets what it lacks."),
            _("Merge"),
            form=MergeForm,
            danger=False,
        )

        def perform(contact: Contact, given: dict[str, Any]) -> str:
            who = actor(request, contact.workspace.account)
            actions.merge(contact, other=self._named(contact, given["other"], who), actor=who)
            return gettext("They are one contact now. This can be undone.")

        return self.ask(request, object_id, question, perform)

    def _named(self, contact: Contact, words: str, who: Any) -> Contact:
        """The one other contact that these words mean; raises Invalid."""
        seen = contact_queries.visible_to(who).filter(workspace=contact.workspace, erased_at__isnull=True)
        region = contact_queries.home(contact.workspace)
        found = list(contact_queries.matching(seen.exclude(pk=contact.pk), words, region=region)[:2])
        if not words.strip() or len(found) != 1:
            count = "0" if not found else "2+"
            raise Invalid("%(count)s contacts were found. Write more of one.", field="other", params={"count": count})
        return found[0]

    def has_split_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        several = Contact.objects.annotate(count=Count("identities")).filter(pk=object_id, count__gt=1)
        return self.may_change_row(request, object_id, erased_at__isnull=True) and several.exists()

    @action(description=_("Split off…"), icon="call_split", permissions=["split"], url_path="split")
    def split(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        addresses = [
            (identity.address, f"{CHANNELS[identity.channel]} · {shown}")
            for identity, shown in zip(row.identities.all(), self._addresses(row), strict=True)
        ]
        question = Question(
            _("Make an identity a contact of its own?"),
            _("Its conversations go with it. Name and fields stay here."),
            _("Split off"),
            form=partial(SplitForm, addresses=addresses),
            danger=False,
        )

        def perform(contact: Contact, given: dict[str, Any]) -> str:
            actions.split(contact, address=given["identity"], actor=actor(request, contact.workspace.account))
            return gettext("The identity is a contact of its own now. This can be undone.")

        return self.ask(request, object_id, question, perform)

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        lasting = Q(changes__undone_at__isnull=True, changes__isnull=False, erased_at__isnull=True)
        return self.may_change_row(request, object_id) and Contact.objects.filter(lasting, pk=object_id).exists()

    @action(description=_("Undo"), icon="undo", permissions=["undo"], url_path="undo")
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Undo the last merge or split?"),
            _("The contacts are as they were before, save what has been changed since."),
            _("Undo"),
            danger=False,
        )

        def perform(contact: Contact, _given: dict[str, Any]) -> str:
            change = contact_queries.last_change(contact)
            if change is None:
                raise Invalid("There is nothing to undo.")
            actions.undo(change, actor=actor(request, contact.workspace.account))
            return gettext("It is undone.")

        return self.ask(request, object_id, question, perform)

    def has_block_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        standing = {"blocked_at__isnull": True, "erased_at__isnull": True}
        return may(request, "contacts:block") and self.may_change_row(request, object_id, **standing)

    @action(description=_("Block"), icon="block", permissions=["block"], url_path="block", variant=DANGER)
    def block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Block this contact?"),
            _("What comes from the customer is kept, but nobody is asked to answer, and nothing is sent."),
            _("Block"),
            form=ReasonForm,
        )

        def perform(contact: Contact, given: dict[str, Any]) -> str:
            actions.block(contact, reason=given["reason"], actor=actor(request, contact.workspace.account))
            return gettext("The contact is blocked.")

        return self.ask(request, object_id, question, perform)

    def has_unblock_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        standing = {"blocked_at__isnull": False, "erased_at__isnull": True}
        return may(request, "contacts:block") and self.may_change_row(request, object_id, **standing)

    @action(description=_("Unblock"), icon="check_circle", permissions=["unblock"], url_path="unblock")
    def unblock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Unblock this contact?"),
            _("The customer's next words seek an agent again."),
            _("Unblock"),
            danger=False,
        )

        def perform(contact: Contact, _given: dict[str, Any]) -> str:
            actions.unblock(contact, actor=actor(request, contact.workspace.account))
            return gettext("The contact is not blocked any more.")

        return self.ask(request, object_id, question, perform)


def _fields(contact: Contact) -> list[ContactField]:
    return list(ContactField.objects.filter(workspace=contact.workspace_id))


def _form_field(field: ContactField, value: str) -> forms.Field:
    """A box of the field's kind; the action judges what is written."""
    common: dict[str, Any] = {"label": contact_queries.label(field), "required": field.required, "initial": value}
    if field.kind == ContactField.Kind.CHOICE:
        known = list(dict.fromkeys([*field.choices, *([value] if value else [])]))
        choices = [("", "-"), *((choice, choice) for choice in known)]
        return forms.ChoiceField(choices=choices, widget=SelectWidget, **common)
    kind = {"date": {"type": "date"}, "number": {"inputmode": "decimal"}}.get(field.kind, {})
    return forms.CharField(widget=TextInputWidget(kind), **common)
