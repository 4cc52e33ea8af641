"""What is said: conversations, who takes part, messages, and what is to be said later."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Worker, Workspace
from conversations.core import states
from conversations.models.contacts import Identity
from conversations.models.senders import Address, Channel
from kernel import clock, sids


def new_conversation_sid() -> str:
    return sids.new("CH")


def new_participant_sid() -> str:
    return sids.new("MB")


def new_message_sid() -> str:
    return sids.new("IM")


def new_scheduled_sid() -> str:
    return sids.new("SD")


class Conversation(models.Model):
    """What one customer and we say to one another over one pair of addresses, until it is closed.

    ``owner`` tells who answers; ``owner_fence`` rises with each change of owner, so that a bot that has lost the
    conversation cannot go on speaking in it.
    """

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("conversation", "active")
        CLOSED = "closed", pgettext_lazy("conversation", "closed")

    class Owner(models.TextChoices):
        BOT = "bot", _("bot")
        QUEUE = "queue", _("queue")
        AGENT = "agent", _("agent")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_conversation_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="conversations")
    address = models.ForeignKey(
        Address, on_delete=models.PROTECT, related_name="conversations", verbose_name=_("address")
    )
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="conversations")
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    owner = models.CharField(_("owner"), max_length=16, choices=Owner.choices, default=Owner.QUEUE)
    owner_fence = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    last_index = models.PositiveIntegerField(default=0)
    last_inbound_index = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    # Since then its words and files are gone.
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["address", "identity"], condition=Q(state="active"), name="one_open_conversation"
            ),
            models.CheckConstraint(
                condition=Q(state="active", closed_at__isnull=True) | Q(state="closed", closed_at__isnull=False),
                name="conversation_closed_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "closed_at"],
                condition=Q(state="closed", erased_at__isnull=True),
                name="conversation_kept",
            ),
        ]

    def __str__(self) -> str:
        return self.sid


class Participant(models.Model):
    """An agent who takes part, and how far that agent has read."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_participant_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="participants")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="participations")
    read_index = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "worker"], condition=Q(left_at__isnull=True), name="takes_part_once"
            )
        ]
        indexes = [models.Index(fields=["worker"], condition=Q(left_at__isnull=True), name="participant_present")]


class Message(models.Model):
    """One utterance, in or out. ``index`` counts from 1 without gaps within the conversation."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("inbound")
        OUTBOUND = "outbound", _("outbound")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_message_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    index = models.PositiveIntegerField()
    ref = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULLs do not collide in the constraint
    direction = models.CharField(max_length=8, choices=Direction.choices)
    author_kind = models.CharField(max_length=16)
    author_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    author_name = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    # Of a template: its sid, and {"name", "variables", "buttons", "footer", "media"} as the customer gets it.
    content_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    content = models.JSONField(default=dict)
    status = models.CharField(max_length=16)
    error_code = models.CharField(max_length=16, blank=True)
    error_message = models.CharField(max_length=200, blank=True)
    provider = models.CharField(max_length=16, blank=True)
    provider_sid = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULLs do not collide in the constraint
    provider_params = models.JSONField(default=dict)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    # Of the last attempt: when it began, and how often the provider's list was searched for it.
    tried_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    # How often we have sent it again on our own, not knowing whether it was sent.
    resends = models.PositiveSmallIntegerField(default=0)
    valid_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "index"], name="message_index"),
            models.UniqueConstraint(fields=["conversation", "ref"], name="message_ref"),
            models.UniqueConstraint(fields=["provider", "provider_sid"], name="message_provider_sid"),
            models.CheckConstraint(
                condition=Q(direction="inbound", status="received")
                | Q(direction="outbound", status__in=sorted(states.RANK)),
                name="message_status",
            ),
        ]
        indexes = [
            # `due_at` is set exactly while something is still to be done: queued, in flight, or outcome unknown.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_due"),
            models.Index(fields=["conversation", "index"], condition=Q(status__in=states.OPEN), name="message_open"),
            models.Index(
                fields=["valid_until"],
                condition=Q(status="queued", valid_until__isnull=False),
                name="message_valid_until",
            ),
        ]


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
