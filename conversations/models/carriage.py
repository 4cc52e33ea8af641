"""Between us and the provider: what came, what waits to go, and how the provider is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from conversations.core import states
from conversations.models.senders import Address
from conversations.models.talks import Message
from kernel import sids


def new_circuit_sid() -> str:
    return sids.new("CB")


class Arrival(models.Model):
    """A webhook of the carrier as it came, until what it says stands where it belongs: then the row goes.

    ``due_at`` is set while that is still to be done; without it the arrival is set aside, and ``reason`` says why.
    Arrivals of one ``line`` are brought in one after the other, in the order in which they came.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", pgettext_lazy("arrival", "message")
        RECEIPT = "receipt", pgettext_lazy("arrival", "receipt")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    key = models.CharField(_("key"), max_length=128, unique=True)
    line = models.CharField(max_length=200)
    ours = models.CharField(_("our address"), max_length=128, blank=True)
    path = models.CharField(_("path"), max_length=200)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    reason = models.CharField(_("reason"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("webhook received")
        verbose_name_plural = _("inbox")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, reason="") | (Q(due_at__isnull=True) & ~Q(reason="")),
                name="arrival_set_aside",
            )
        ]
        indexes = [
            models.Index(fields=["line", "id"], condition=Q(due_at__isnull=False), name="arrival_line"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="arrival_due"),
        ]

    def __str__(self) -> str:
        return self.key


class Turn(models.Model):
    """A message at the head of its conversation's line that waits for its sender, or whose turn it is.

    People's messages have a lower ``rank`` and so go before those of machines; within a rank the first to come goes
    first. ``granted_at``: the sender's bucket has been charged for it.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="turn")
    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="turns")
    rank = models.PositiveSmallIntegerField()
    granted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["address", "rank", "id"], condition=Q(granted_at__isnull=True), name="turn_not_granted"
            )
        ]


class Circuit(models.Model):
    """The circuit breaker of a provider's account (`core.breaker`), and until when that account wants us to wait.

    ``since``: when messages began to wait; ``code``: the error that opened it last.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_circuit_sid, editable=False)
    account_sid = models.CharField(max_length=sids.LENGTH, unique=True)
    state = models.CharField(max_length=16, default=states.CIRCUIT.initial)
    failures = models.PositiveIntegerField(default=0)
    openings = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    code = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(states.CIRCUIT.states)), name="circuit_state"),
        ]

    def __str__(self) -> str:
        return self.account_sid


class Reconciliation(models.Model):
    """How far the provider's list of an account has been compared with what we have, and what the last look found.

    ``covered_until``: everything that reached the provider before has been looked at. ``seen`` and ``brought`` are of
    the last look that came to its end.
    """

    account_sid = models.CharField(max_length=sids.LENGTH, unique=True)
    covered_until = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    ran_at = models.DateTimeField(null=True)
    seen = models.PositiveIntegerField(default=0)
    brought = models.PositiveIntegerField(default=0)
    brought_in_all = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=32, blank=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.account_sid
