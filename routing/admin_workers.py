"""What routing adds to the page of a worker."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import CheckboxWidget, actor
from agents.admin_workers import WorkerAdmin
from agents.models import Worker
from routing import actions

admin.site.unregister(Worker)


@admin.register(Worker)
class RoutedWorkerAdmin(WorkerAdmin):
    """A worker on his way out may be asked no more."""

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
