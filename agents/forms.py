"""What supervisors type about workers."""

import json
from typing import Any, Final

from django import forms
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelForm, MonoTextarea, TextInputWidget, told
from agents.actions.checks import check_storable
from agents.models import Worker, Workspace
from kernel.errors import DomainError

TAGS: Final = ("skills", "languages")


def plain_tags(value: Any) -> bool:
    """Whether a list of tags can be written with commas and read back as it was.

    >>> plain_tags(["billing", "vip"]), plain_tags(["a, b"]), plain_tags("billing"), plain_tags([1])
    (True, False, False, False)
    """
    return isinstance(value, list) and all(
        isinstance(tag, str) and tag == tag.strip() and tag and "," not in tag for tag in value
    )


def split_tags(text: str) -> list[str]:
    """Tags from text, each once, in the order in which they stand.

    >>> split_tags(" billing, vip,, billing ")
    ['billing', 'vip']
    """
    return list(dict.fromkeys(tag.strip() for tag in text.replace("\n", ",").split(",") if tag.strip()))


class TagsField(forms.CharField):
    """A list of words, written with commas."""

    widget = TextInputWidget

    def to_python(self, value: Any) -> Any:
        return split_tags(super().to_python(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != split_tags(data or "")


class JsonField(forms.JSONField):
    """A JSON object; what cannot be read is refused with line and column."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                json.loads(value)
            except json.JSONDecodeError as error:
                raise forms.ValidationError(
                    _("Line %(line)d, column %(column)d: this is not JSON (%(problem)s)."),
                    params={"line": error.lineno, "column": error.colno, "problem": error.msg},
                ) from error
            except (RecursionError, ValueError) as error:
                raise forms.ValidationError(_("This is not JSON that we can read.")) from error
        found = super().to_python(value)
        try:
            check_storable(found, field="")
        except DomainError as error:
            raise forms.ValidationError(told(error)) from error
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Shown again as it was typed."""
        return None if data is None else InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        return (
            json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else super().prepare_value(value)
        )


class WorkspaceForm(ModelForm):
    """What holds for all of a workspace. The action says which addresses and event types there may be."""

    class Meta:
        model = Workspace
        fields = [
            "friendly_name",
            "default_activity",
            "timeout_activity",
            "prioritize_queue_order",
            "event_callback_url",
            "events_filter",
        ]
        field_classes = {"event_callback_url": forms.CharField}
        widgets = {
            "event_callback_url": TextInputWidget({"inputmode": "url", "spellcheck": "false"}),
            "events_filter": MonoTextarea({"rows": 2}),
        }
        help_texts = {
            "event_callback_url": _(
                "Where events are POSTed as Twilio does, signed with the account's auth token. Empty: nowhere."
            ),
            "events_filter": _(
                "Event types with commas between, such as task.created, reservation.accepted. Empty: all."
            ),
        }


class WorkerForm(ModelForm):
    """Skills and languages as tags; every further attribute as JSON. The three together are Twilio's attributes."""

    skills = TagsField(
        label=_("Skills"),
        required=False,
        help_text=_("Separated by commas, such as: billing, returns. Queues ask for them: skills HAS 'billing'."),
    )
    languages = TagsField(label=_("Languages"), required=False, help_text=_("Separated by commas, such as: en, es."))
    other = JsonField(
        label=_("Further attributes"),
        required=False,
        widget=MonoTextarea({"rows": 8}),
        help_text=_('JSON, such as {"level": 3, "routing": {"team": "north"}}. Expressions may ask for all of it.'),
    )
    error_fields = {"attributes": "other"}

    class Meta:
        model = Worker
        fields = ["workspace", "friendly_name", "user"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rest = dict(self.instance.attributes)
        for name in TAGS:
            self.fields[name].initial = rest.pop(name) if plain_tags(rest.get(name)) else []
        self.fields["other"].initial = rest

    def clean_other(self) -> dict[str, Any]:
        other = self.cleaned_data["other"] or {}
        if not isinstance(other, dict):
            raise forms.ValidationError(_("A JSON object is expected, such as {}."))
        twice = [name for name in TAGS if name in other and self.cleaned_data.get(name)]
        if twice:
            raise forms.ValidationError(
                _("%(name)s stands here and in its own field. Take one of the two."), params={"name": twice[0]}
            )
        return other

    def attributes(self) -> dict[str, Any]:
        """The whole of the attributes as they are now to be."""
        given, other = self.cleaned_data, self.cleaned_data["other"]
        kept = {name for name in TAGS if name in self.instance.attributes and name not in other}
        return {**{name: given[name] for name in TAGS if given[name] or name in kept}, **other}
