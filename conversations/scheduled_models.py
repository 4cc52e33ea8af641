"""What is to be said later."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, sids


def new_scheduled_sid() -> str:
    return sids.new("SD")


class ScheduledMessage(models.Model):
    """Words for a customer that wait for their time; then they become a ``Message`` in whatever conversation is open.

    They belong to the conversation in which they were written, and outlive its end.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", pgettext_lazy("scheduled message", "scheduled")
        SENT = "sent", pgettext_lazy("scheduled message", "sent")
        FAILED = "failed", pgettext_lazy("scheduled message", "not sent")
        CANCELED = "canceled", pgettext_lazy("scheduled message", "canceled")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_scheduled_sid, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="scheduled", verbose_name=_("conversation")
    )
    ref = models.CharField(max_length=64)
    author_kind = models.CharField(max_length=16)
    author_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    author_name = models.CharField(_("author"), max_length=120, blank=True)
    body = models.TextField(_("text"))
    content_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    content = models.JSONField(default=dict)
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.SCHEDULED)
    due_at = models.DateTimeField(_("to be sent"))
    error_code = models.CharField(max_length=16, blank=True)
    error_message = models.CharField(max_length=200, blank=True)
    message = models.OneToOneField(
        "conversations.Message", on_delete=models.SET_NULL, null=True, related_name="was_scheduled"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("scheduled message")
        verbose_name_plural = _("scheduled messages")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "ref"], name="scheduled_ref"),
            models.CheckConstraint(
                condition=Q(status__in=["scheduled", "sent", "failed", "canceled"]), name="scheduled_status"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="scheduled"), name="scheduled_due")]

    def __str__(self) -> str:
        return self.sid
