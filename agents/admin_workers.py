"""Workers in the admin: who takes tasks, how many, and what they are doing."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    NEUTRAL,
    Label,
    ModelForm,
    MomentWidget,
    Question,
    SelectWidget,
    TabularInline,
    TextInputWidget,
    action,
    actor,
    display,
    key_parts,
    may,
)
from agents import actions, queries
from agents.admin_base import WorkspacePage, workspaces
from agents.forms import WorkerForm
from agents.models import MAX_CAPACITY, Worker, WorkerChannel


class CapacityForm(ModelForm):
    """How many tasks of one channel at once."""

    class Meta:
        model = WorkerChannel
        fields = ["configured_capacity", "available"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = self.fields.get("configured_capacity")
        if isinstance(number, forms.IntegerField):
            number.max_value = MAX_CAPACITY
            number.validators.append(forms.IntegerField(max_value=MAX_CAPACITY).validators[0])
            number.widget.attrs |= {"max": MAX_CAPACITY, "min": 0}


class KeyForm(forms.Form):
    """What a key is called, and how long it opens."""

    friendly_name = forms.CharField(label=_("name"), max_length=64, widget=TextInputWidget)
    expires_at = forms.DateTimeField(
        label=_("expires"),
        required=False,
        help_text=_("From then on the key opens nothing; empty: it never expires."),
        widget=MomentWidget,
    )


class CapacityInline(TabularInline):
    """One line for each channel; lines come with the channels."""

    model = WorkerChannel
    form = CapacityForm
    writes = "workers:write"
    fields = ["task_channel", "configured_capacity", "available", "load"]
    readonly_fields = ["task_channel", "load"]
    labels = {"task_channel": _("Channel")}
    ordering = ["task_channel__pk"]
    verbose_name_plural = _("Tasks at once")


@admin.register(Worker)
class WorkerAdmin(WorkspacePage):
    """Who takes tasks: skills, capacity, and what the worker is doing."""

    writes = "workers:write"
    can_delete_rows = True
    form = WorkerForm
    list_display = ["friendly_name", "activity_label", "skills", "load", "user", "date_status_changed"]
    list_filter = [("activity", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["activity", "user", "workspace"]
    search_fields = ["friendly_name", "sid", "user__username"]
    ordering = ["friendly_name"]
    inlines = [CapacityInline]
    actions_detail = ["change_activity", "new_key"]
    readonly_fields = ["sid", "activity_label", "date_status_changed", "last_assigned_at", "created_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("channels__task_channel")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        who = [*self.asked_workspace(request), "friendly_name", "user"]
        state = [] if obj is None else ["activity_label"]
        record = [] if obj is None else [(_("Record"), {"fields": self.readonly_fields, "classes": ["collapse"]})]
        return [
            (None, {"fields": [*who, *state, "skills", "languages"]}),
            (_("For experts"), {"fields": ["other"], "classes": ["collapse"]}),
            *[
                (name, {**options, "fields": [f for f in options["fields"] if f not in state]})
                for name, options in record
            ],
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["user"] if obj else [])]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            accounts = workspaces(request).values("account")
            kwargs["queryset"] = db_field.related_model.objects.filter(account__in=accounts, worker__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def store(self, request: HttpRequest, row: Worker | None, form: Any) -> Worker:
        name = form.cleaned_data["friendly_name"]
        if row is None:
            workspace = self.workspace(request, form)
            return actions.create_worker(
                workspace,
                friendly_name=name,
                attributes=form.attributes(),
                user=form.cleaned_data["user"],
                actor=actor(request, workspace.account),
            )
        if (name, form.attributes()) == (row.friendly_name, row.attributes):
            return row
        who = actor(request, row.workspace.account)
        return actions.update_worker(row, actor=who, friendly_name=name, attributes=form.attributes())

    def remove(self, request: HttpRequest, row: Worker) -> None:
        actions.delete_worker(row, actor=actor(request, row.workspace.account))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.deleted_objects, formset.changed_objects = [], [], []
        for line in formset.forms:
            if not line.has_changed():
                continue
            actions.set_capacity(
                WorkerChannel.objects.select_related("worker__workspace__account").get(pk=line.instance.pk),
                capacity=line.cleaned_data["configured_capacity"],
                available=line.cleaned_data["available"],
                actor=actor(request, form.instance.workspace.account),
            )
            formset.changed_objects.append((line.instance, line.changed_data))

    @display(description=_("activity"), ordering="activity", label={"free": "success", "away": "info"})
    def activity_label(self, worker: Worker) -> Label:
        return Label("free" if worker.activity.available else "away", worker.activity.friendly_name)

    @display(description=_("Skills"))
    def skills(self, worker: Worker) -> str:
        listed = worker.attributes.get("skills")
        return ", ".join(str(skill) for skill in listed) if isinstance(listed, list) else ""

    @display(description=_("Tasks in hand"))
    def load(self, worker: Worker) -> int:
        return sum(channel.load for channel in worker.channels.all())

    def has_change_activity_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_write(request)

    @action(
        description=_("Change activity"),
        icon="swap_horiz",
        permissions=["change_activity"],
        url_path="activity",
        variant=NEUTRAL,
    )
    def change_activity(self, request: HttpRequest, object_id: str) -> HttpResponse:
        worker = self.row(request, object_id)
        question = Question(
            _("Change activity"),
            _("The worker sees the new activity at once. Work that was accepted stays."),
            _("Change activity"),
            form=self.activity_form(worker),
            danger=False,
        )

        def perform(row: Worker, given: dict[str, Any]) -> str:
            self.enter(request, row, given)
            return gettext("%(worker)s is now: %(activity)s.") % {"worker": row, "activity": given["activity"]}

        return self.ask(request, object_id, question, perform)

    def has_new_key_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request, "keys:write")

    @action(description=_("Own API key"), icon="key", permissions=["new_key"], url_path="key", variant=NEUTRAL)
    def new_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Make an API key for this worker?"),
            _(
                "By TaskRouter's API it reads this worker and what the worker was offered, changes the activity and "
                "answers offers; nothing else. It is revoked under API keys."
            ),
            _("Make a key"),
            form=KeyForm,
            danger=False,
        )

        def perform(row: Worker, given: dict[str, Any]) -> HttpResponse:
            _key, token = actions.create_worker_key(row, **given, actor=actor(request, row.workspace.account))
            return self.show_once(
                request,
                row,
                title=_("The new API key"),
                parts=key_parts(token),
                hint=_("Twilio's SDKs take the two in place of the account's sid and auth token."),
            )

        return self.ask(request, object_id, question, perform)

    # --- what an upper package adds to ---

    def activity_form(self, worker: Worker) -> type[forms.Form]:
        """What is asked before the activity is changed."""

        class ActivityForm(forms.Form):
            activity = forms.ModelChoiceField(
                label=_("activity"),
                queryset=queries.activities(worker.workspace),
                initial=worker.activity_id,
                empty_label=None,
                widget=SelectWidget,
            )

        return ActivityForm

    def enter(self, request: HttpRequest, worker: Worker, given: dict[str, Any]) -> None:
        """Change it."""
        actions.set_activity(worker, activity=given["activity"], actor=actor(request, worker.workspace.account))
