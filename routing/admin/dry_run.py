"""The dry run's page: what would become of a task that one writes, or of one that came."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import NEUTRAL, MonoTextarea, SelectWidget, TextInputWidget, action, whole_number
from agents.forms import JsonField
from agents.models import TaskChannel
from kernel import sids
from routing.actions.tasks import MAX_TIMEOUT_SECONDS
from routing.admin.pages import WorkflowPages
from routing.models import MAX_PRIORITY, Draft, Task, Workflow
from routing.preview import trying

TASKS_A_PAGE: Final = 10
MAX_SEARCH: Final = 100
LOOKED_THROUGH: Final = 5000
"""How many of the last tasks a search looks through: attributes have no index."""

NUMBER: Final = {"inputmode": "numeric"}


class TryForm(forms.Form):
    """A task, and against what it is tried."""

    attributes = JsonField(label=_("attributes"), required=False, initial=dict, widget=MonoTextarea({"rows": 9}))
    task_channel = forms.ChoiceField(label=_("Channel"), widget=SelectWidget)
    age = forms.IntegerField(
        label=_("Age in seconds"),
        min_value=0,
        max_value=MAX_TIMEOUT_SECONDS,
        required=False,
        widget=TextInputWidget(NUMBER),
    )
    priority = forms.IntegerField(
        label=_("priority"), min_value=0, max_value=MAX_PRIORITY, required=False, widget=TextInputWidget(NUMBER)
    )
    required_skills = forms.CharField(label=_("Required skills"), required=False, widget=TextInputWidget)
    against = forms.ChoiceField(label=_("Against"), widget=SelectWidget)

    def __init__(self, *args: Any, workflow: Workflow, draft: Draft | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = TaskChannel.objects.filter(workspace=workflow.workspace_id).order_by("pk")
        self.fields["task_channel"].choices = list(rows.values_list("unique_name", "friendly_name"))  # type: ignore[attr-defined]
        published, drafted = ("published", _("what is published")), ("draft", _("the draft"))
        self.fields["against"].choices = [drafted, published] if draft else [published]  # type: ignore[attr-defined]

    def clean_attributes(self) -> dict[str, Any]:
        given = self.cleaned_data["attributes"]
        if given in (None, ""):
            return {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("A JSON object is expected, such as {}."))
        return given

    def question(self) -> trying.Question:
        """What was filled in."""
        given = self.cleaned_data
        skills = (skill.strip() for skill in given["required_skills"].split(","))
        return trying.Question(
            attributes=given["attributes"],
            channel=given["task_channel"],
            age=given["age"] or 0,
            priority=given["priority"] or 0,
            required_skills=frozenset(skill for skill in skills if skill),
        )


class TryPage(WorkflowPages):
    """The dry run of a workflow, also at ``?task=WT…``."""

    def has_try_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Dry run"), icon="science", permissions=["try_out"], url_path="try", variant=NEUTRAL)
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workflow: Workflow = self.row(request, object_id)
        draft = Draft.objects.filter(workflow=workflow).first()
        task = _named_task(workflow, request.GET.get("task", ""))
        form = TryForm(_given(request, task, draft), workflow=workflow, draft=draft)
        trial, text = None, draft.configuration if draft else workflow.configuration
        if form.is_bound and form.is_valid():
            text = text if form.cleaned_data["against"] == "draft" else workflow.configuration
            trial = trying.try_out(workflow.workspace, text, form.question())
        return self.page(
            request,
            "try",
            workflow,
            title=_("Dry run"),
            form=form,
            draft=draft,
            task=task,
            trial=trial,
            names=trying.names_asked(text),
            **_recent(workflow, request.GET),
        )


def _given(request: HttpRequest, task: Task | None, draft: Draft | None) -> Mapping[str, Any] | None:
    """What was posted, or what the named task is like."""
    if request.method == "POST":
        return request.POST
    if task is None:
        return None
    against = request.GET.get("against", "draft" if draft else "published")
    return {
        "attributes": json.dumps(task.attributes, indent=2, ensure_ascii=False),
        "task_channel": task.task_channel.unique_name,
        "age": "0",
        "priority": "0",
        "required_skills": ", ".join(task.required_skills),
        "against": against if draft else "published",
    }


def _named_task(workflow: Workflow, sid: str) -> Task | None:
    rows = Task.objects.select_related("task_channel").filter(workspace=workflow.workspace_id)
    return rows.filter(sid=sid).first() if sids.is_sid(sid, "WT") else None


def _recent(workflow: Workflow, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of the last tasks, or of those among the last 5,000 in which the words stand."""
    words = asked.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    number = min(whole_number(asked.get("p", "")) or 0, LOOKED_THROUGH)
    rows = _found(workflow, words)
    start = number * TASKS_A_PAGE
    page = list(rows[start : start + TASKS_A_PAGE + 1])
    return {
        "recent": page[:TASKS_A_PAGE],
        "words": words,
        "page_number": number,
        "next_page": number + 1 if len(page) > TASKS_A_PAGE else None,
        "former_page": number - 1 if number else None,
    }


def _found(workflow: Workflow, words: str) -> QuerySet[Task]:
    recent = Task.objects.filter(workspace=workflow.workspace_id).order_by("-created_at", "-pk")
    shown = recent.select_related("task_queue", "task_channel")
    if not words:
        return shown[:LOOKED_THROUGH]
    last = recent.values("pk")[:LOOKED_THROUGH]
    text = shown.filter(pk__in=last).annotate(text=Cast("attributes", TextField()))
    return text.filter(Q(text__icontains=words) | Q(sid=words))
