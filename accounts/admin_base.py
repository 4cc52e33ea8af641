"""The base of every page of the admin: whose rows, who may, saves that are verbs, questions before verbs.

Together with ``contactcenter`` this is the only place that knows the theme (django-unfold).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, cast

from django import forms
from django.contrib import messages
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts import policy
from accounts.core import parse_token
from accounts.models import Account, User
from accounts.queries import actor_for_user
from kernel.actor import Actor
from kernel.errors import DomainError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Model
    from django.contrib.admin import TabularInline as _Tabular

    ThemedModel = _Model[Any]
    ThemedTabular = _Tabular[Any, Any]
    DjangoModelForm = forms.ModelForm[Any]
    Method = TypeVar("Method", bound=Callable[..., Any])

    def action(**options: Any) -> Callable[[Method], Method]:
        """A verb's button: description, icon, permissions, url_path, variant."""

    def display(**options: Any) -> Callable[[Method], Method]:
        """How a column is shown: description, ordering, label."""
else:
    from django.forms import ModelForm as DjangoModelForm
    from unfold.admin import ModelAdmin as ThemedModel
    from unfold.admin import TabularInline as ThemedTabular
    from unfold.decorators import action, display

__all__ = [
    "DANGER",
    "NEUTRAL",
    "CheckboxWidget",
    "CheckboxesWidget",
    "FileWidget",
    "Label",
    "ModelAdmin",
    "ModelForm",
    "MomentWidget",
    "MonoTextarea",
    "Part",
    "PasswordWidget",
    "Question",
    "SelectWidget",
    "TabularInline",
    "TextInputWidget",
    "TextareaWidget",
    "action",
    "actor",
    "column",
    "display",
    "document",
    "key_parts",
    "may",
    "told",
    "visible_account",
    "whole_number",
]

# Columns that hold digests and sealed secrets, in whichever table.
_SECRETS = frozenset({"password", "secret", "secret_hash", "token_hash", "auth_token"})

DANGER = ActionVariant.DANGER
NEUTRAL = ActionVariant.DEFAULT
CheckboxesWidget = UnfoldAdminCheckboxSelectMultipleWidget
CheckboxWidget = UnfoldBooleanWidget
FileWidget = UnfoldAdminFileFieldWidget
PasswordWidget = UnfoldAdminPasswordWidget
SelectWidget = UnfoldAdminSelectWidget
TextInputWidget = UnfoldAdminTextInputWidget
TextareaWidget = UnfoldAdminTextareaWidget


class MonoTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A box for expressions and documents."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"rows": 3, "spellcheck": "false", "autocapitalize": "off"} | dict(attrs or {}))
        self.attrs["class"] = f"{self.attrs.get('class', '')} cc-mono"


class MomentWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """The browser's own box for a day and a time of day."""

    input_type = "datetime-local"


def told(error: DomainError) -> str:
    """The refusal in the reader's language."""
    text = gettext(error.message)
    return text % error.params if error.params else text


def whole_number(text: str) -> int | None:
    """A number that came in an address; None for what is none that a table could have.

    >>> whole_number("12"), whole_number("²"), whole_number("9" * 5000)
    (12, None, None)
    """
    return int(text) if text.isdecimal() and len(text) < 19 else None


class Label(tuple[str, str]):
    """A word in a colour: the kind that `display(label=…)` colours by, and the text. Pages show the text alone."""

    __slots__ = ()

    def __new__(cls, kind: str, text: str) -> "Label":
        return super().__new__(cls, (kind, text))

    def __str__(self) -> str:
        return self[1]


def document(value: Any) -> str:
    """A JSON document, to read."""
    return format_html('<pre class="cc-document">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def column(name: str, label: str | Promise) -> Callable[[Any], Any]:
    """A field in a list, under a label of its own."""

    def shown(row: Any) -> Any:
        return getattr(row, name)

    shown.__name__ = f"{name}_column"
    return cast(Callable[[Any], Any], display(description=label, ordering=name)(shown))


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) and request.user.is_active else None


def actor(request: HttpRequest, account: Account | None = None) -> Actor:
    """Who acts. A superuser who belongs to no account acts in that of the object."""
    person = _person(request)
    if person is None:
        return Actor("user")
    found = actor_for_user(person)
    if account is not None and person.is_superuser and not found.account_sid:
        return replace(found, account_sid=account.sid)
    return found


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the signed-in person holds the permission in his own account."""
    return policy.may(actor(request), permission)


def visible_account(request: HttpRequest, rows: models.QuerySet[Any], lookup: str) -> models.QuerySet[Any]:
    """Those rows whose ``lookup`` leads to the person's account; a superuser without an account sees all."""
    person = _person(request)
    if person is None:
        return rows.none()
    if person.account is None:
        return rows if person.is_superuser else rows.none()
    return rows.filter(**{lookup: person.account})


class Refusable:
    """A form that can take what an action refused, at the field that the refusal names.

    ``error_fields`` tells where the form calls a field differently.
    """

    refusal: ClassVar[DomainError | None] = None
    error_fields: ClassVar[Mapping[str, str]] = {}

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        if self.refusal is not None:
            self.refuse(self.refusal)
        return cleaned

    def refuse(self, error: DomainError) -> None:
        form = cast(forms.Form, self)
        field = self.error_fields.get(error.field or "", error.field)
        form.add_error(field if field in form.fields else None, told(error))


class ModelForm(Refusable, DjangoModelForm):
    """The base of every form that an action stores."""


class Permissions:
    """Who may is asked of the policy; Django's own permission tables are not used.

    ``sees`` and ``writes`` are permissions of `accounts.policy`; an empty ``writes`` makes the page read-only.
    """

    sees: ClassVar[str] = "floor:read"
    writes: ClassVar[str] = ""
    can_add: ClassVar[bool] = True
    can_change: ClassVar[bool] = True
    can_delete_rows: ClassVar[bool] = False

    def _may_write(self, request: HttpRequest) -> bool:
        return bool(self.writes) and may(request, self.writes)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.sees)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_add and self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self._may_write(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete_rows and self._may_write(request)


class TabularInline(Permissions, ThemedTabular):
    """Rows of another table on a page."""

    extra = 0
    show_change_link = False
    can_add = False
    labels: ClassVar[Mapping[str, Any]] = {}

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **{"labels": self.labels, **kwargs})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before a verb. ``form`` takes what the verb needs to know, such as a reason."""

    title: str | Promise
    text: str | Promise
    submit: str | Promise
    form: Callable[..., Any] = forms.Form
    danger: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What is copied on its own, and what it is."""

    label: str | Promise
    text: str


def key_parts(token: str) -> list[Part]:
    """An API key as Twilio's SDKs take it, which ask for sid and secret apart."""
    sid, secret = parse_token(token) or ("", "")
    return [Part(_("Sid"), sid), Part(_("Secret"), secret)]


class ModelAdmin(Permissions, ThemedModel):
    """A page of the admin. Subclasses say how a row is stored and removed, with the app's actions."""

    account_lookup: ClassVar[str] = "workspace__account"
    labels: ClassVar[Mapping[str, Any]] = {}  # Of fields whose column carries no name for people.
    form = ModelForm
    actions = None  # Nothing is deleted in bulk.
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = True

    # --- what the pages of an app fill in ---

    def store(self, request: HttpRequest, row: Any, form: Any) -> Any:
        """Make (``row`` is None) or change a row with an action; returns it. What the action refuses is shown."""
        raise NotImplementedError

    def remove(self, request: HttpRequest, row: Any) -> None:
        """Delete the row with an action."""
        raise NotImplementedError

    # --- whose rows ---

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return visible_account(request, super().get_queryset(request), self.account_lookup)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = self.admin_site._registry.get(db_field.related_model)
        if "queryset" not in kwargs and isinstance(related, ModelAdmin):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if this person may see it; 404 otherwise."""
        found = self.get_object(request, object_id)
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        return found

    def may_change_row(self, request: HttpRequest, object_id: Any, **standing: Any) -> bool:
        """Whether this person may change the row, and it stands so: what a verb's button hangs on."""
        return self._may_write(request) and self.get_queryset(request).filter(pk=object_id, **standing).exists()

    def _get_obj_does_not_exist_redirect(self, _request: HttpRequest, _opts: Any, _object_id: str) -> NoReturn:
        """Another account's row does not exist for this person; Django would lead to the index instead."""
        raise Http404

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Lists are filtered by the address bar too, and would tell a secret letter by letter."""
        return _SECRETS.isdisjoint(lookup.split("__")) and super().lookup_allowed(lookup, value, request)

    # --- saves are verbs ---

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made: Any = super().get_form(request, obj, change=change, **{"labels": self.labels, **kwargs})
        made.refusal = getattr(request, "refusal", None)
        return made

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """What an action refuses while saving comes back as an error of the form, with everything that was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            request.refusal = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = self.get_queryset(request).get(pk=obj.pk) if change else None
        stored = self.store(request, row, form)
        obj.pk = stored.pk
        obj._state.adding = False
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            messages.error(request, told(error))
            return HttpResponseRedirect(self.address(object_id))

    def address(self, object_id: Any) -> str:
        """Where the row's page is."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])

    # --- verbs that are not a save ---

    def ask(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        perform: Callable[[Any, dict[str, Any]], str | HttpResponse],
    ) -> HttpResponse:
        """Ask, then act: a link must never change anything. ``perform`` returns what to tell afterwards, or a page."""
        row = self.row(request, object_id)
        form = question.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    outcome = perform(row, form.cleaned_data)
            except DomainError as error:
                field = error.field if error.field in form.fields else None
                form.add_error(field, told(error))
            else:
                self.log_change(request, row, str(question.title))
                if isinstance(outcome, HttpResponse):
                    return outcome
                messages.success(request, outcome)
                return HttpResponseRedirect(self.address(row.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": question.title,
            "question": question,
            "form": form,
            "object": row,
            "opts": self.opts,
            "back": self.address(row.pk),
        }
        return TemplateResponse(request, "admin/ask.html", context)

    def show_once(
        self, request: HttpRequest, row: Any, *, title: Any, parts: Sequence[Part], hint: Any, again: bool = False
    ) -> HttpResponse:
        """A page with a secret, part by part: no cache, and a reload leads to the row's own page.

        ``again``: it is kept, and can be shown another time.
        """
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "parts": parts,
            "hint": hint,
            "again": again,
            "object": row,
            "opts": self.opts,
            "next": self.address(row.pk),
        }
        response = TemplateResponse(request, "admin/secret_once.html", context)
        response["Cache-Control"] = "no-store"
        return response
