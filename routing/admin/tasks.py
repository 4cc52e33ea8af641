"""Tasks in the admin: one looks on, hurries one up, or ends it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    DANGER,
    Label,
    Question,
    TabularInline,
    TextInputWidget,
    action,
    actor,
    column,
    display,
    document,
)
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Invalid
from routing import actions, explaining
from routing.admin.way import way
from routing.admin.why import WhyPages, asked, counted, crowd, person_line, standing_line
from routing.core.states import RESERVATION_OPEN, TASK
from routing.explaining import wording
from routing.explaining.pages import Ask
from routing.explaining.tasks import Coming, TaskStory
from routing.models import MAX_PRIORITY, Reservation, Task, TaskQueue

TASK_LABELS = {
    "pending": "warning",
    "reserved": "info",
    "assigned": "success",
    "wrapping": "info",
    "completed": "default",
    "canceled": "danger",
}
WORDS = {
    "pending": _("waiting"),
    "reserved": _("offered"),
    "assigned": _("in hand"),
    "wrapping": _("wrapping up"),
    "completed": _("completed"),
    "canceled": _("canceled"),
    "accepted": _("accepted"),
    "rejected": _("rejected"),
    "timeout": _("not answered"),
    "rescinded": _("withdrawn"),
}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=255, widget=TextInputWidget)


class PriorityForm(forms.Form):
    """How urgent."""

    priority = forms.IntegerField(
        label=_("priority"), min_value=0, max_value=MAX_PRIORITY, widget=TextInputWidget({"inputmode": "numeric"})
    )


class ReservationInline(TabularInline):
    """Who was asked, and what they answered."""

    model = Reservation
    fields = ["worker", "status", "created_at", "accepted_at", "ended_at", "reason", "why"]
    readonly_fields = ["status", "why"]
    labels = {"worker": _("Worker"), "accepted_at": _("Accepted"), "ended_at": _("Ended")}
    ordering = ["-id"]
    verbose_name_plural = _("Offers")

    @display(description=_("status"))
    def status(self, reservation: Reservation) -> str:
        return str(WORDS.get(reservation.reservation_status, reservation.reservation_status))

    @display(description=_("Why this agent?"))
    def why(self, reservation: Reservation) -> str:
        address = reverse("admin:routing_task_why_offer", args=[reservation.task_id, reservation.sid])
        return format_html('<a class="cc-link" href="{}">{}</a>', address, gettext("Why?"))


class StatusFilter(admin.AllValuesFieldListFilter):
    """The statuses that there are, in words."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            status = str(choice["display"])
            yield {**choice, "display": WORDS.get(status, status)}


@admin.register(Task)
class TaskAdmin(WhyPages):
    """Tasks are made by conversations and programs; here one looks on, hurries one up, or ends it."""

    writes = "workers:write"
    can_add = can_change = False
    labels = {
        "task_queue": _("Queue"),
        "workflow": _("Workflow"),
        "task_channel": _("Channel"),
        "task_queue_entered_at": _("In the queue since"),
        "step_due_at": _("Moves on at"),
        "expires_at": _("Expires"),
        "ended_at": _("Ended"),
    }
    list_display = [
        "created_at",
        "status",
        "who",
        column("task_queue", labels["task_queue"]),
        "priority",
        column("task_channel", labels["task_channel"]),
        "age",
    ]
    list_filter = [
        ("assignment_status", StatusFilter),
        ("task_queue", admin.RelatedOnlyFieldListFilter),
        "task_channel__unique_name",
    ]
    list_select_related = ["task_queue", "task_channel"]
    search_fields = ["=sid", "=reservations__sid", "=reservations__worker__sid", "reservations__worker__friendly_name"]
    search_help_text = _("A sid of a task, an offer or a worker; or a worker's name.")
    ordering = ["-created_at"]
    inlines = [ReservationInline]
    actions_detail = ["why", "hurry", "finish", "cancel"]
    why_template = "task"
    why_title = _("Why?")
    fieldsets = [
        (None, {"fields": ["sid", "status", "task_queue", "workflow", "priority", "task_channel"]}),
        (_("What it is about"), {"fields": ["what", "skills"]}),
        (_("Times"), {"fields": ["created_at", "task_queue_entered_at", "step_due_at", "expires_at", "ended_at"]}),
    ]
    readonly_fields = ["status", "what", "skills"]

    @display(description=_("status"), ordering="assignment_status", label=TASK_LABELS)
    def status(self, task: Task) -> Label:
        word = str(WORDS.get(task.assignment_status, task.assignment_status))
        says_more = task.ended_at and task.reason not in ("", task.assignment_status)
        return Label(task.assignment_status, f"{word} ({task.reason})" if says_more else word)

    @display(description=_("Customer"))
    def who(self, task: Task) -> str:
        return str(task.attributes.get("name") or task.attributes.get("from") or task.sid)

    @display(description=_("Age"), ordering="-created_at")
    def age(self, task: Task) -> str:
        seconds = int(((task.ended_at or clock.now()) - task.created_at).total_seconds())
        hours, rest = divmod(seconds, 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

    @display(description=_("attributes"))
    def what(self, task: Task) -> str:
        return document(task.attributes)

    @display(description=_("Required skills"))
    def skills(self, task: Task) -> str:
        return ", ".join(task.required_skills)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What happened to a task stands in the journal."""
        address = reverse("admin:eventlog_event_changelist")
        return HttpResponseRedirect(f"{address}?q={self.row(request, object_id).sid}")

    # --- why ---

    def get_urls(self) -> Any:
        offer = self.admin_site.admin_view(self.why_offer)
        return [path("<int:pk>/why/<str:sid>", offer, name="routing_task_why_offer"), *super().get_urls()]

    def reasons(self, row: Task, *, actor: Actor, ask: Ask) -> dict[str, Any]:
        story = explaining.task(row.sid, actor=actor, ask=ask)
        told: dict[str, Any] = {
            "story": story,
            "headline": _headline(story),
            "status": WORDS[story.task.assignment_status],
            "age": self.age(story.task),
            "way": way(story),
            "offers": [(offer, WORDS[offer.reservation_status]) for offer in story.offers],
        }
        if story.waiting is not None:
            told["reasons"] = counted(story.waiting.counts)
            told["coming"] = [_coming(coming, story) for coming in story.waiting.coming]
            told |= crowd(story.waiting.people, [person_line(each) for each in story.waiting.people.items], ask)
        return told

    def why_offer(self, request: HttpRequest, pk: int, sid: str) -> HttpResponse:
        """Why the task was offered to this worker, and not to the others."""
        task, ask = self.row(request, str(pk)), asked(request)
        if not task.reservations.filter(sid=sid).exists():
            raise Http404
        try:
            story = explaining.offer(sid, actor=actor(request, task.workspace.account), ask=ask)
        except Invalid:
            return HttpResponseRedirect(request.path)
        queue = TaskQueue.objects.filter(sid=story.rule["queue"]).first() if story.rule else None
        return self.explanation(
            request,
            task,
            "offer",
            _("Why this agent?"),
            story=story,
            status=WORDS[story.reservation.reservation_status],
            queue=queue,
            reasons=counted(story.counts),
            **crowd(story.people, [standing_line(each) for each in story.people.items], ask),
        )

    # --- verbs ---

    def has_hurry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, assignment_status__in=("pending", "reserved"))

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, assignment_status__in=TASK.sources("cancel"))

    def has_finish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, assignment_status__in=TASK.sources("complete"))

    @action(description=_("Change priority"), icon="priority_high", permissions=["hurry"], url_path="priority")
    def hurry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Change priority"),
            _("Higher numbers are served first. The workflow may set it again at its next step."),
            _("Change priority"),
            form=PriorityForm,
            danger=False,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.update_task(task, priority=given["priority"], actor=actor(request, task.workspace.account))
            return gettext("The task has priority %(priority)d now.") % {"priority": task.priority}

        return self.ask(request, object_id, question, perform)

    @action(description=_("Complete"), icon="task_alt", permissions=["finish"], url_path="complete")
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Complete this task?"),
            _("The agent who has it loses it, and gets a free slot."),
            _("Complete"),
            form=ReasonForm,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.complete(task, reason=given["reason"], actor=actor(request, task.workspace.account))
            return gettext("The task has been completed.")

        return self.ask(request, object_id, question, perform)

    @action(description=_("Cancel"), icon="cancel", permissions=["cancel"], url_path="cancel", variant=DANGER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Cancel this task?"),
            _("Nobody is asked any more. The conversation stays open; the customer's next words seek an agent again."),
            _("Cancel the task"),
            form=ReasonForm,
        )

        def perform(task: Task, given: dict[str, Any]) -> str:
            actions.cancel_task(task, reason=given["reason"], actor=actor(request, task.workspace.account))
            return gettext("The task has been canceled.")

        return self.ask(request, object_id, question, perform)


def _headline(story: TaskStory) -> str:
    """The whole story in a sentence; empty of a task that is over."""
    open_offers = [offer for offer in story.offers if offer.reservation_status in RESERVATION_OPEN]
    match story.task.assignment_status:
        case "pending" if story.waiting:
            return wording.waiting(story.waiting)
        case "reserved":
            return gettext("It is offered to %(names)s.") % {"names": _names(open_offers)}
        case "assigned" | "wrapping" if open_offers:
            return gettext("%(names)s has it.") % {"names": _names(open_offers)}
    return ""


def _names(offers: list[Reservation]) -> str:
    return ", ".join(offer.worker.friendly_name for offer in offers)


def _coming(coming: Coming, story: TaskStory) -> tuple[datetime, str]:
    """When, and what happens then if nobody has taken the task."""
    if coming.kind == "pause":
        return coming.at, gettext("Whoever said no may be asked again.")
    if coming.kind == "expiry":
        return coming.at, gettext("Its time to live is over, and it is canceled.")
    if coming.leads_to is None:
        return coming.at, gettext("Its last target is over, and it is canceled.")
    queue = coming.leads_to.rule.queue
    return coming.at, gettext("It moves on to %(queue)s.") % {"queue": story.queues.get(queue, queue)}
