"""Copies and erasures, with how far they are; how long a workspace keeps what was said. And the customers' page."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    DANGER,
    Label,
    ModelAdmin,
    ModelForm,
    Question,
    action,
    actor,
    display,
    may,
)
from accounts.queries import people
from agents.admin_base import WorkspacePage, workspaces
from conversations.admin.contacts import ContactPage
from conversations.models import Contact
from privacy import actions, queries
from privacy.core.states import OPEN
from privacy.models import DataRequest, Retention

LABELS = {"queued": "warning", "running": "info", "done": "success", "failed": "danger", "expired": "default"}


@admin.register(Contact)
class ContactAdmin(ContactPage):
    """A customer, of whose data a copy can be had, and who can be erased."""

    actions_detail = [*ContactPage.actions_detail, "copy", "erase"]

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        here = self.get_queryset(request).filter(pk=object_id, erased_at__isnull=True)
        return may(request, "privacy:export") and here.exists()

    @action(description=_("Copy"), icon="folder_zip", permissions=["copy"], url_path="export")
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Make a copy of this person's data?"),
            _("A ZIP with everything that we hold: names, addresses, consent, what was said, and the files."),
            _("Make the copy"),
            danger=False,
        )

        def perform(contact: Contact, _given: dict[str, Any]) -> HttpResponse:
            made = actions.request_export(contact, actor=actor(request, contact.workspace.account))
            return _lead_to(made)

        return self.ask(request, object_id, question, perform)

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        here = self.get_queryset(request).filter(pk=object_id, erased_at__isnull=True)
        return may(request, "privacy:erase") and here.exists()

    @action(description=_("Erase"), icon="delete_forever", permissions=["erase"], url_path="erase", variant=DANGER)
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        question = Question(_("Erase this person's data?"), _will_go(row), _("Erase for good"))

        def perform(contact: Contact, _given: dict[str, Any]) -> HttpResponse:
            made = actions.request_erasure(contact, actor=actor(request, contact.workspace.account))
            return _lead_to(made)

        return self.ask(request, object_id, question, perform)


@admin.register(DataRequest)
class DataRequestAdmin(ModelAdmin):
    """What was requested, by whom, and how far it is."""

    sees = "privacy:export"
    list_display = ["created_at", "kind", "customer", "state", "by"]
    list_filter = ["kind", "status"]
    list_select_related = ["contact", "workspace"]
    search_fields = ["=sid", "=contact__sid"]
    ordering = ["-pk"]
    fields = ["kind", "customer", "state", "fetch", "removed", "trouble", "by", "created_at", "ended_at", "sid"]
    readonly_fields = ["customer", "state", "fetch", "removed", "trouble", "by"]

    @display(description=_("contact"))
    def customer(self, request: DataRequest) -> str:
        page = reverse("admin:conversations_contact_change", args=[request.contact.pk])
        return format_html('<a class="cc-link" href="{}">{}</a>', page, request.contact)

    @display(description=_("state"), ordering="status", label=LABELS)
    def state(self, request: DataRequest) -> Label:
        word = request.get_status_display()
        return Label(request.status, f"{word} · {request.progress} %" if request.status == "running" else word)

    @display(description=_("file"))
    def fetch(self, request: DataRequest) -> str:
        if request.status != DataRequest.Status.DONE or not request.file:
            return gettext("It is being made; look again in a moment.") if request.status in OPEN else "-"
        until = date_format(timezone.localtime(request.due_at), "SHORT_DATETIME_FORMAT") if request.due_at else "-"
        page = reverse("privacy-export", args=[request.sid])
        words = gettext("until %(time)s") % {"time": until}
        return format_html('<a class="cc-link" href="{}">{}.zip</a> · {}', page, request.contact.sid, words)

    @display(description=_("In figures"))
    def removed(self, request: DataRequest) -> str:
        return _in_words(request.figures) or "-"

    @display(description=_("error"))
    def trouble(self, request: DataRequest) -> str:
        return gettext(request.error) if request.error else "-"

    @display(description=_("Requested by"))
    def by(self, request: DataRequest) -> str:
        return people([request.actor_sid])[request.actor_sid]


class SeenForm(forms.Form):
    """How much the person was told that it erases."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


class RetentionForm(ModelForm):
    """For how long."""

    class Meta:
        model = Retention
        fields = ["workspace", "days"]
        help_texts = {"days": _("So many days after a conversation's end its words and files are erased.")}


@admin.register(Retention)
class RetentionAdmin(WorkspacePage):
    """How long words and files are kept. Nothing is erased before somebody has seen how much, and switched it on."""

    sees = writes = "privacy:erase"
    form = RetentionForm
    list_display = ["called", "days", "active", "erased", "ran_at"]
    ordering = ["pk"]
    readonly_fields = ["active", "waiting", "erased", "ran_at"]
    actions_detail = ["switch_on", "switch_off"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            *self.asked_workspace(request),
            "days",
            *(["active", "waiting", "erased", "ran_at"] if obj else []),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        free = workspaces(request).filter(retention__isnull=True)
        return super().has_add_permission(request, obj) and free.exists()

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The journal has what the history of the routing's configuration does not know."""
        sid = self.row(request, object_id).workspace.sid
        return HttpResponseRedirect(f"{reverse('admin:eventlog_event_changelist')}?q={sid}")

    def store(self, request: HttpRequest, row: Retention | None, form: Any) -> Retention:
        workspace = row.workspace if row else self.workspace(request, form)
        return actions.save_retention(
            workspace, days=form.cleaned_data["days"], actor=actor(request, workspace.account)
        )

    @display(description=_("workspace"))
    def called(self, rule: Retention) -> str:
        return str(rule.workspace)

    @display(description=_("Erased if it were on"))
    def waiting(self, rule: Retention) -> str:
        return f"{_talks(queries.outlived_count(rule))}. {_webhooks(rule)}".removesuffix(". ")

    def has_switch_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, active=False)

    @action(description=_("Switch on"), icon="toggle_on", permissions=["switch_on"], url_path="on", variant=DANGER)
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.row(request, object_id)
        count = queries.outlived_count(rule)
        text = gettext("Now it would erase the words and files of %(talks)s that ended more than %(days)d days ago.")
        question = Question(
            _("Switch this rule on?"),
            f"{text % {'talks': _talks(count), 'days': rule.days}} {_webhooks(rule)}".rstrip(),
            _("Switch on"),
            form=partial(SeenForm, initial={"seen": count}),
        )

        def perform(row: Retention, given: dict[str, Any]) -> str:
            who = actor(request, row.workspace.account)
            actions.switch_retention(row, on=True, seen=given["seen"], actor=who)
            return gettext("The rule is on. It erases a few conversations at a time.")

        return self.ask(request, object_id, question, perform)

    def has_switch_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, active=True)

    @action(description=_("Switch off"), icon="toggle_off", permissions=["switch_off"], url_path="off")
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Switch this rule off?"),
            _("What is kept now stays; what was erased does not come back."),
            _("Switch off"),
        )

        def perform(row: Retention, _given: dict[str, Any]) -> str:
            actions.switch_retention(row, on=False, actor=actor(request, row.workspace.account))
            return gettext("The rule is off.")

        return self.ask(request, object_id, question, perform)


def _lead_to(made: DataRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:privacy_datarequest_change", args=[made.pk]))


def _will_go(contact: Contact) -> str:
    held = queries.holdings(contact)
    text = gettext(
        "Gone for good: name, fields, %(figures)s, and what tasks, webhooks and the journal tell of them. "
        "That there were messages, when, and how they were delivered stays, and so do figures and consent."
    )
    return text % {"figures": _in_words(held)}


def _in_words(figures: dict[str, int]) -> str:
    words: dict[str, Callable[[int], str]] = {
        "identities": lambda n: ngettext("%(n)d identity", "%(n)d identities", n),
        "conversations": lambda n: ngettext("%(n)d conversation", "%(n)d conversations", n),
        "messages": lambda n: ngettext("%(n)d message", "%(n)d messages", n),
        "files": lambda n: ngettext("%(n)d file", "%(n)d files", n),
    }
    return ", ".join(say(figures[name]) % {"n": figures[name]} for name, say in words.items() if name in figures)


def _webhooks(rule: Retention) -> str:
    """Those of that age that were set aside, in words; empty for none."""
    count = queries.outlived_arrivals_count(rule)
    text = ngettext(
        "And %(n)d webhook of that age that was set aside.",
        "And %(n)d webhooks of that age that were set aside.",
        count,
    )
    return text % {"n": count} if count else ""


def _talks(count: int) -> str:
    return ngettext("%(n)d conversation", "%(n)d conversations", count) % {"n": count}
