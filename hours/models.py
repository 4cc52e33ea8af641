"""Business calendars of a workspace."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from agents.models import Workspace
from kernel import clock, sids


def new_calendar_sid() -> str:
    return sids.new("BC")


class Calendar(models.Model):
    """When a team is there. Expressions ask for it by ``unique_name``: `calendar.support.open == true`."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_calendar_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="calendars", verbose_name=_("workspace")
    )
    unique_name = models.CharField(_("unique name"), max_length=64)
    friendly_name = models.CharField(_("name"), max_length=64)
    # The shape of `hours.core.document`.
    definition = models.JSONField(_("definition"), default=dict)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")
        constraints = [models.UniqueConstraint("workspace", Lower("unique_name"), name="calendar_name")]

    def __str__(self) -> str:
        return self.friendly_name
