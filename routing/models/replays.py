"""A past period run again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel import clock, sids
from routing.models.configuration import Workflow


def new_replay_sid() -> str:
    return sids.new("RP")


class Replay(models.Model):
    """A past period run again against another workflow document. `routing.replaying` does the work."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_replay_sid, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="replays", verbose_name=_("workflow"))
    configuration = models.TextField(_("configuration"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    service_level_seconds = models.PositiveIntegerField(_("service level"), default=60)
    status = models.CharField(_("status"), max_length=16, default="queued")
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    report = models.JSONField(_("report"), default=dict)
    error = models.CharField(_("error"), max_length=255, blank=True)
    actor_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=("queued", "running", "done", "failed", "canceled")), name="replay_status_known"
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="replay_progress"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.starts_at:%Y-%m-%d}"
