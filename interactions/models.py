"""Interactions tie a conversation to the task that brings it an agent; intakes say what an address leads to."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from agents.models import Workspace
from conversations.models import Address, Conversation
from hooks.models import Endpoint
from kernel import clock, sids
from routing.models import Task, Workflow


def new_interaction_sid() -> str:
    return sids.new("KD")


def new_handoff_sid() -> str:
    return sids.new("HO")


class Intake(models.Model):
    """Where the words of an address's customers go: to a bot first, if one is named, or straight to a workflow."""

    address = models.OneToOneField(Address, on_delete=models.CASCADE, related_name="intake")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="intakes")
    bot = models.ForeignKey(
        Endpoint,
        verbose_name=_("bot"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="intakes",
        help_text=_("Customers' words go to this endpoint until it hands the conversation over."),
    )

    class Meta:
        verbose_name = _("intake")
        verbose_name_plural = _("intakes")

    def __str__(self) -> str:
        return str(self.address)


class Interaction(models.Model):
    """One task's worth of a conversation."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_interaction_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="interactions")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="interactions")
    task = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="interaction")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(ended_at__isnull=True), name="one_open_interaction"
            )
        ]

    def __str__(self) -> str:
        return self.sid


class HandOff(models.Model):
    """A bot's request for an agent, and the answer that a repeat of the request gets."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_handoff_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="handoffs")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="handoffs")
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - NULLs do not collide
    request_digest = models.CharField(max_length=64)
    interaction = models.ForeignKey(Interaction, on_delete=models.PROTECT, related_name="handoffs")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")
        constraints = [models.UniqueConstraint(fields=["key", "idempotency_key"], name="handoff_idempotency")]

    def __str__(self) -> str:
        return self.sid
