"""Requests about one person's data, and how long a workspace keeps what was said."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Workspace
from conversations.models import Contact
from kernel import clock, sids
from privacy.core.states import OPEN


def new_request_sid() -> str:
    return sids.new("DR")


class DataRequest(models.Model):
    """A person's data is to be copied or erased. Whoever works on it holds a lease with a fence.

    ``due_at``: when somebody should look at it next; of an export that is done, when its file goes.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", pgettext_lazy("data request", "export")
        ERASURE = "erasure", pgettext_lazy("data request", "erasure")

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", pgettext_lazy("data request", "failed")
        EXPIRED = "expired", pgettext_lazy("data request", "file deleted")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_request_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="data_requests")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="data_requests")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    file = models.FileField(upload_to="exports/%Y/%m/", blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    figures = models.JSONField(default=dict)
    actor_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("data request")
        verbose_name_plural = _("data requests")
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="data_request_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"], condition=Q(status__in=OPEN), name="one_open_data_request"
            )
        ]

    def __str__(self) -> str:
        return self.sid


class Retention(models.Model):
    """For how many days after its end a workspace keeps a conversation's words and files."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="retention", verbose_name=_("workspace")
    )
    days = models.PositiveIntegerField(_("days"), default=365)
    active = models.BooleanField(_("switched on"), default=False)
    erased = models.PositiveBigIntegerField(_("conversations erased"), default=0)
    ran_at = models.DateTimeField(_("last erased"), null=True)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")

    def __str__(self) -> str:
        return str(self.workspace)
