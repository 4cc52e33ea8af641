"""Campaigns, and the customers of each."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Workspace
from conversations.models import Address, Channel, Message, MessagingService
from hours.models import Calendar
from kernel import clock, sids


def new_campaign_sid() -> str:
    return sids.new("CP")


class Campaign(models.Model):
    """One text to a list of customers at a measured pace, from one of our addresses or a messaging service's pool.

    ``due_at``: when the pump looks at it next. ``fence`` tells a pump that was away too long from the one that went on.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("campaign", "draft")
        RUNNING = "running", pgettext_lazy("campaign", "running")
        PAUSED = "paused", pgettext_lazy("campaign", "paused")
        FINISHED = "finished", pgettext_lazy("campaign", "finished")
        CANCELED = "canceled", pgettext_lazy("campaign", "canceled")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_campaign_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("workspace")
    )
    ref = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - NULLs do not collide
    name = models.CharField(_("name"), max_length=100)
    address = models.ForeignKey(
        Address, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns",
        verbose_name=_("our address"),
    )  # fmt: skip
    service = models.ForeignKey(
        MessagingService, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns",
        verbose_name=_("messaging service"),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    body = models.TextField(_("text"))
    # A template of the provider's in the text's place; ``places`` are its values' names, and the text's otherwise.
    content_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    places = models.JSONField(default=list, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    start_at = models.DateTimeField(_("start at"), null=True, blank=True)
    calendar = models.ForeignKey(
        Calendar, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns",
        verbose_name=_("only within these hours"),
    )  # fmt: skip
    rate = models.PositiveIntegerField(_("messages a second"), default=1)
    # The uploaded list, until its columns are told and its rows are taken.
    sheet = models.TextField(blank=True, editable=False)
    sheet_name = models.CharField(max_length=120, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "ref"], name="campaign_ref"),
            models.CheckConstraint(
                condition=Q(address__isnull=False, service__isnull=True)
                | Q(address__isnull=True, service__isnull=False),
                name="campaign_from",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="campaign_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def sender(self) -> Address | MessagingService:
        """Where it comes from; of a service, somebody of its pool."""
        found = self.address or self.service
        assert found is not None  # noqa: S101 - the table refuses a campaign from nowhere.
        return found


class Recipient(models.Model):
    """A customer of a campaign. ``taken``: the message is queued, or was; what became of it is the message's to say."""

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("recipient", "waiting")
        TAKEN = "taken", pgettext_lazy("recipient", "taken")
        SKIPPED = "skipped", pgettext_lazy("recipient", "skipped")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="recipients")
    line = models.PositiveIntegerField()
    address = models.CharField(max_length=128)
    variables = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=32, blank=True)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, related_name="campaign_recipient")
    taken_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "address"], name="recipient_once")]
        indexes = [
            models.Index(fields=["campaign", "id"], condition=Q(state="pending"), name="recipient_pending"),
            models.Index(fields=["campaign", "id"], name="recipient_page"),
        ]

    def __str__(self) -> str:
        return self.address


class Pace(models.Model):
    """When the next campaign message may leave one of our addresses: all its campaigns share it."""

    address = models.OneToOneField(Address, on_delete=models.CASCADE, related_name="campaign_pace")
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.address)
