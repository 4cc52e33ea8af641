"""What supervisors type about queues and workflows."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ModelForm, MonoTextarea, told
from hours import queries as hours
from routing.core.document import ConfigurationError, parse_workflow
from routing.models import TaskQueue, Workflow
from routing.preview import checks, editor


class QueueForm(ModelForm):
    """A queue's name, who serves it, and in which order."""

    class Meta:
        model = TaskQueue
        fields = ["workspace", "friendly_name", "target_workers", "task_order", "max_reserved_workers"]
        widgets = {"target_workers": MonoTextarea({"rows": 2, "data-match": "on"})}
        help_texts = {"target_workers": _("Which workers serve this queue. Empty: nobody.")}


class RulesWidget(forms.Widget):
    """Filters, their targets and the default filter as rows that can be added, moved and removed.

    ``queues`` are ``(sid, name)``; ``refusal`` is what the rows are refused for. ``edited`` says what somebody has
    changed on the page that comes back: the ``rules``, the ``document``, or nothing yet.
    """

    queues: Sequence[tuple[str, str]]
    refusal: checks.Warning | None
    edited: str

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.queues, self.refusal, self.edited = [], None, ""

    class Media:
        js = [
            forms.Script("admin_extra/rules.js", type="module"),
            forms.Script("admin_extra/look.js", type="module"),
        ]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> editor.Row | None:
        return None if self.value_omitted_from_data(data, files, name) else editor.posted_rows(data, name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and not any(str(key).startswith(f"{name}-") for key in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = editor.numbered(value or editor.rows_of(""))
        path = self.refusal.path if self.refusal else ""
        wrong = editor.field_of(path, rows) if self.refusal else ""
        context = {
            "name": name,
            "filters": [self._filter(row, wrong) for row in rows["filters"]],
            "default": self._target(rows["default"], "default", wrong),
            "blank_filter": self._filter({"id": "FILTER", "name": "", "expression": "", "targets": []}, ""),
            "blank_target": self._target({"id": "TARGET", **editor.blank_target()}, "", ""),
            "queues": self.queues,
            "kept": rows.get("kept", ""),
            "edited": self.edited,
            "wrong": f"{name}-{wrong}" if wrong else "",
            "wrong_row": editor.row_of(path, rows) if self.refusal else "",
            "refusals": [self.refusal],
        }
        return render_to_string("admin/routing/rules.html", context)

    def _filter(self, row: editor.Row, wrong: str) -> editor.Row:
        targets = row["targets"] or [{"id": "0", **editor.blank_target()}]
        return {**row, "targets": [self._target(target, f"{row['id']}-{target['id']}", wrong) for target in targets]}

    def _target(self, row: editor.Row, place: str, wrong: str) -> editor.Row:
        """``more``: whether what most targets leave out is to be seen; ``missing``: a queue that is gone."""
        known = {sid for sid, _name in self.queues}
        more = any(row.get(key) or wrong == f"{place}-{key}" for key in editor.FURTHER_KEYS)
        missing = row["queue"] if row.get("queue") and row["queue"] not in known else ""
        return {**row, "more": more, "missing": missing}


class Unposted(forms.Field):
    """A field that a browser leaves out while nobody has touched it: then it stays as it is."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data is None else data

    def clean(self, value: Any) -> Any:
        return super().clean(self.initial if value is None else value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not None and self.differ(initial, data)

    def differ(self, initial: Any, data: Any) -> bool:
        """Whether what was posted is another thing."""
        raise NotImplementedError


class RulesField(Unposted):
    """The rows of a workflow; the form checks them as the document that they make."""

    widget = RulesWidget

    def differ(self, initial: Any, data: Any) -> bool:
        """What decides is what the rows say, not where they stand on the page."""
        return bool(editor.document_of(initial) != editor.document_of(data))


class DocumentField(Unposted, forms.CharField):
    """A JSON text; the line ends that browsers send are no change."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def differ(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class WorkflowForm(ModelForm):
    """A workflow by rows or, for experts, by its document. Of one that has a draft, the draft is shown.

    ``seen_number`` and ``seen_draft`` are the published version and the version of the draft that were on the page.
    """

    queues: ClassVar[Sequence[TaskQueue]] = ()

    rules = RulesField(label="", required=False)
    seen_number = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen_draft = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Workflow
        fields = ["workspace", "friendly_name", "task_reservation_timeout", "configuration"]
        widgets = {"configuration": MonoTextarea({"rows": 24, "data-document": "on"})}
        field_classes = {"configuration": DocumentField}
        help_texts = {"configuration": _("Twilio's workflow document, as its console and its API take it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = shown_document(self.instance)
        self.initial["configuration"] = self.shown
        self.fields["rules"].initial = editor.rows_of(self.shown)
        self.editor = cast(RulesWidget, self.fields["rules"].widget)
        self.editor.queues = self._offered()
        self.now = standing(self.instance)
        for field, number in self.now.items():
            self.fields[field].initial = number
        self.fields["configuration"].required = False
        self.fields["configuration"].initial = self.shown

    def is_multipart(self) -> bool:
        """The other encoding makes a document three times as long."""
        return True

    def clean(self) -> Any:
        self._refuse_overwriting()
        source = self.editor.edited = self._source()
        if source == "rules":
            self.cleaned_data["configuration"] = editor.text_of(self.cleaned_data["rules"])
        elif not source:
            self.cleaned_data["configuration"] = self.shown
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
        """Whether the rows or the document are to be saved; empty when nothing was changed.

        A browser sends what was changed last, which the other follows.
        """
        rules, document = (name in self.changed_data for name in ("rules", "configuration"))
        if rules and document:
            self.add_error(None, _("The filters and the document were both changed. Change one of the two."))
            return ""
        if rules or document:
            return "rules" if rules else "document"
        return "" if self.instance.pk else "rules"

    def _check(self, source: str) -> None:
        workspace = self.instance.workspace if self.instance.pk else self.cleaned_data.get("workspace")
        queues = [queue for queue in self.queues if workspace is None or queue.workspace_id == workspace.pk]
        known = workspace or (queues[0].workspace if queues else None)
        calendars = hours.names(known) if known else None
        try:
            parse_workflow(
                self.cleaned_data["configuration"], queues={queue.sid for queue in queues}, calendars=calendars
            )
        except ConfigurationError as error:
            if source == "document":
                self.add_error("configuration", f"{error.path}: {told(error)}" if error.path else told(error))
            else:
                self.editor.refusal = checks.refusal(error)
                self.add_error("rules", f"{self.editor.refusal.place}: {self.editor.refusal.message}")

    def _refuse_overwriting(self) -> None:
        seen = {field: self.cleaned_data.get(field) for field in self.now}
        if self.instance.pk and None not in seen.values() and seen != self.now:
            self.add_error(
                None,
                _(
                    "Somebody else has changed this workflow meanwhile. Look at it in another tab; "
                    "if you save again, what you have here takes its place."
                ),
            )
            now = {self.add_prefix(field): str(number) for field, number in self.now.items()}
            self.data = {**dict(self.data.items()), **now}


def shown_document(workflow: Workflow) -> str:
    """What the editor shows: the draft, if there is one."""
    draft = getattr(workflow, "draft", None) if workflow.pk else None
    return draft.configuration if draft else workflow.configuration


def standing(workflow: Workflow) -> dict[str, int]:
    """The number of the published version and the version of the draft; 0 where there is none."""
    if not workflow.pk:
        return {"seen_number": 0, "seen_draft": 0}
    latest = workflow.versions.order_by("-number").values_list("number", flat=True).first()
    draft = getattr(workflow, "draft", None)
    return {"seen_number": latest or 0, "seen_draft": draft.version if draft else 0}
