"""What routing adds to the page of a worker."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import CheckboxWidget, actor
from agents.admin_workers import WorkerAdmin
from agents.models import Worker
from kernel.actor import Actor
from routing import actions, explaining
from routing.admin.why import Line, WhyPages, crowd, hints
from routing.explaining import wording
from routing.explaining.pages import Ask
from routing.explaining.staff import channel_names
from routing.explaining.workers import QueueShare, WorkerStory

admin.site.unregister(Worker)


@admin.register(Worker)
class RoutedWorkerAdmin(WhyPages, WorkerAdmin):
    """A worker on his way out may be asked no more; and why he gets nothing."""

    actions_detail = ["why", *WorkerAdmin.actions_detail]
    why_template = "worker"
    why_title = _("Why no work?")

    def reasons(self, row: Worker, *, actor: Actor, ask: Ask) -> dict[str, Any]:
        story = explaining.worker(row.sid, actor=actor, ask=ask)
        has = story.facts.channels
        return {
            "story": story,
            "headline": wording.obstacle(story.obstacle),
            "channels": [(name, has[key]) for key, name in channel_names(row.workspace_id).items() if key in has],
            **crowd(story.queues, [(share, _share_lines(share, story)) for share in story.queues.items], ask),
        }

    def activity_form(self, worker: Worker) -> type[forms.Form]:
        class LeavingForm(super().activity_form(worker)):  # type: ignore[misc]
            reject_pending_reservations = forms.BooleanField(
                label=_("Reject the offers that wait for an answer"),
                required=False,
                help_text=_("Only on the way into an activity that is not for work."),
                widget=CheckboxWidget,
            )

        return LeavingForm

    def enter(self, request: HttpRequest, worker: Worker, given: dict[str, Any]) -> None:
        actions.leave(
            worker,
            activity=given["activity"],
            reject_pending=given["reject_pending_reservations"],
            actor=actor(request, worker.workspace.account),
        )


def _share_lines(share: QueueShare, story: WorkerStory) -> list[tuple[Any, Line]]:
    """The tasks that come next in a queue, and what each says of the worker."""
    pk, name = story.worker.pk, story.worker.friendly_name
    return [
        (task.task, Line(pk, name, task.detail.letter, wording.verdict(task.detail), hints(task.detail.clauses)))
        for task in share.head
    ]
