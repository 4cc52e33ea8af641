"""What supervisors type about queues and workflows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelForm, MonoTextarea, SelectWidget, told
from routing import editor
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import TaskQueue, Workflow


class QueueForm(ModelForm):
    """A queue's name, who serves it, and in which order."""

    class Meta:
        model = TaskQueue
        fields = ["workspace", "friendly_name", "target_workers", "task_order", "max_reserved_workers"]
        widgets = {"target_workers": MonoTextarea({"rows": 2, "data-match": "on"})}
        help_texts = {"target_workers": _("Which workers serve this queue. Empty: nobody.")}


class RulesWidget(forms.Widget):
    """Filters, their targets and the default filter as rows that can be added, moved and removed.

    ``queues`` are ``(sid, name)``; ``errors`` are texts by their path in the document.
    """

    queues: list[tuple[str, str]]
    errors: Mapping[str, str]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.queues, self.errors = [], {}

    class Media:
        js = [forms.Script("admin_extra/rules.js", type="module")]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> editor.Row:
        return editor.posted_rows(data, name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(str(key).startswith(f"{name}-") for key in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = value or editor.rows_of("")
        filters = [self._filter(row, f"task_routing.filters[{index}]") for index, row in enumerate(rows["filters"])]
        context = {
            "name": name,
            "filters": filters,
            "default": self._marked(rows["default"], "task_routing.default_filter"),
            "blank_filter": self._filter({"name": "", "expression": "", "targets": []}, "-"),
            "blank_target": self._marked(dict.fromkeys(editor.TARGET_KEYS, ""), "-"),
            "queues": self.queues,
        }
        return render_to_string("admin/routing/rules.html", context)

    def _filter(self, row: editor.Row, path: str) -> editor.Row:
        targets = row["targets"] or [dict.fromkeys(editor.TARGET_KEYS, "")]
        marked = [self._marked(target, f"{path}.targets[{index}]") for index, target in enumerate(targets)]
        return {**self._marked(row, path), "targets": marked, "targets_error": self.errors.get(f"{path}.targets", "")}

    def _marked(self, row: editor.Row, path: str) -> editor.Row:
        known = {sid for sid, _name in self.queues}
        errors = {key: self.errors.get(f"{path}.{key}", "") for key in (*editor.TARGET_KEYS, *editor.DEFAULT_KEYS)}
        more = any(row.get(key) for key in editor.TARGET_KEYS[3:]) or any(errors[key] for key in editor.TARGET_KEYS[3:])
        missing = row["queue"] if row.get("queue") and row["queue"] not in known else ""
        return {**row, "errors": errors, "error": self.errors.get(path, ""), "more": more, "missing": missing}


class RulesField(forms.Field):
    """The rows of a workflow; the form checks them as the document that they make."""

    widget = RulesWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != data)


class DocumentField(forms.CharField):
    """A JSON text; the line ends that browsers send are no change."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class WorkflowForm(ModelForm):
    """A workflow by rows or, for experts, by its document."""

    queues: ClassVar[Sequence[TaskQueue]] = ()

    rules = RulesField(label="", required=False)
    source = forms.ChoiceField(
        label=_("Save"),
        required=False,
        choices=[
            ("", _("whichever of the two was changed")),
            ("rules", _("the filters of the form")),
            ("document", _("this document")),
        ],
        widget=SelectWidget,
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Workflow
        fields = ["workspace", "friendly_name", "task_reservation_timeout", "configuration"]
        widgets = {"configuration": MonoTextarea({"rows": 24})}
        field_classes = {"configuration": DocumentField}
        help_texts = {"configuration": _("Twilio's workflow document, as its console and its API take it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].initial = editor.rows_of(self.instance.configuration)
        self.fields["rules"].widget.queues = self._offered()
        self.fields["seen_version"].initial = self.instance.version
        if "configuration" in self.fields:
            self.fields["configuration"].required = False

    def clean(self) -> Any:
        self._refuse_overwriting()
        source = self._source()
        if source == "rules":
            self.cleaned_data["configuration"] = editor.text_of(self.cleaned_data["rules"])
        if source:
            self._check(source)
        return super().clean()

    def _offered(self) -> list[tuple[str, str]]:
        own = [
            queue for queue in self.queues if not self.instance.pk or queue.workspace_id == self.instance.workspace_id
        ]
        several = len({queue.workspace_id for queue in own}) > 1
        return [(queue.sid, f"{queue} ({queue.workspace})" if several else str(queue)) for queue in own]

    def _source(self) -> str:
        """Whether the rows or the document are to be saved; empty when only the person can tell."""
        chosen: str = self.cleaned_data.get("source") or ""
        if chosen:
            return chosen
        rules, document = (name in self.changed_data for name in ("rules", "configuration"))
        if rules and document:
            self.add_error("source", _("The filters and the document were both changed. Say which of the two to save."))
            return ""
        return "document" if document or (self.instance.pk and not rules) else "rules"

    def _check(self, source: str) -> None:
        workspace = self.cleaned_data.get("workspace")
        sids = {queue.sid for queue in self.queues if workspace is None or queue.workspace_id == workspace.pk}
        try:
            parse_workflow(self.cleaned_data["configuration"], queues=sids)
        except ConfigurationError as error:
            if source == "document":
                self.add_error("configuration", f"{error.path}: {told(error)}" if error.path else told(error))
            else:
                self.fields["rules"].widget.errors = {error.path: told(error)}
                self.add_error("rules", f"{_place(error.path)}: {told(error)}")

    def _refuse_overwriting(self) -> None:
        seen = self.cleaned_data.get("seen_version")
        if self.instance.pk and seen is not None and seen != self.instance.version:
            self.add_error(
                None, _("Somebody else has saved this workflow meanwhile. Compare in another tab, then save again.")
            )
            self.data = {**dict(self.data.items()), self.add_prefix("seen_version"): str(self.instance.version)}


def _place(path: str) -> str:
    """A path of the document in the words of the form.

    >>> _place("task_routing.filters[1].targets[0].expression")
    'Filter 2, target 1'
    """
    numbers = [int(number) + 1 for number in re.findall(r"\[(\d+)\]", path)]
    if len(numbers) == 2:
        return gettext("Filter %(filter)d, target %(target)d") % {"filter": numbers[0], "target": numbers[1]}
    if numbers:
        return gettext("Filter %(filter)d") % {"filter": numbers[0]}
    return gettext("Default filter") if "default_filter" in path else gettext("Workflow")
