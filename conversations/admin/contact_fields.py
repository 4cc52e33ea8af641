"""What a workspace asks of its customers, in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelForm, TextareaWidget, actor
from agents.admin_base import WorkspacePage
from conversations.actions.contact_fields import (
    FieldForm,
    create_contact_field,
    delete_contact_field,
    update_contact_field,
)
from conversations.models import ContactField


class ContactFieldForm(ModelForm):
    """What is asked."""

    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        help_text=_("Of a field to choose from: each on a line of its own."),
        widget=TextareaWidget,
    )

    class Meta:
        model = ContactField
        fields = ["workspace", "key", "kind", "label", "label_es", "required", "position"]
        help_texts = {
            "key": _("How programs call it: small letters, figures and _. It never changes."),
            "label_es": _("Empty: the English one."),
            "required": _("It cannot be emptied once it is filled in."),
            "position": _("Small numbers come first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["choices"] = "\n".join(self.instance.choices)

    def clean_choices(self) -> list[str]:
        return str(self.cleaned_data["choices"]).splitlines()


@admin.register(ContactField)
class ContactFieldAdmin(WorkspacePage):
    """What a workspace asks of its customers."""

    writes = "config:write"
    can_delete_rows = True
    form = ContactFieldForm
    list_display = ["label", "key", "kind", "required", "position"]
    list_filter = ["kind"]
    search_fields = ["label", "label_es", "key"]
    ordering = ["position", "pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = ["key", "kind", "label", "label_es", "choices", "required", "position"]
        return [*self.asked_workspace(request), *shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["key", "kind"] if obj else [])]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The journal has what the history of the routing's configuration does not know."""
        return HttpResponseRedirect(
            f"{reverse('admin:eventlog_event_changelist')}?q={self.row(request, object_id).sid}"
        )

    def store(self, request: HttpRequest, row: ContactField | None, form: Any) -> ContactField:
        given = form.cleaned_data
        asked = FieldForm(
            label=given["label"],
            label_es=given["label_es"],
            choices=given["choices"],
            required=given["required"],
            position=given["position"],
        )
        if row is not None:
            return update_contact_field(row, form=asked, actor=actor(request, row.workspace.account))
        workspace = self.workspace(request, form)
        who = actor(request, workspace.account)
        return create_contact_field(workspace, key=given["key"], kind=given["kind"], form=asked, actor=who)

    def remove(self, request: HttpRequest, row: ContactField) -> None:
        delete_contact_field(row, actor=actor(request, row.workspace.account))
