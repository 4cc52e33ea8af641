"""Events, the numbers that each audience sees, and who has read how far."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from eventlog.configuration import TYPES
from kernel import clock, sids


def new_event_sid() -> str:
    return sids.new("EV")


class Event(models.Model):
    """One fact, written in the transaction that made it true.

    ``id`` is an identity and nothing more: a sequence hands ids out before commit, so a reader that remembers "the last
    id seen" skips rows that commit late. ``position`` is given after commit, by one relay at a time, without gaps.
    """

    # Without an index: nobody asks for an event by it, and an entry in a random place, twice for each event, is dear.
    sid = models.CharField(max_length=sids.LENGTH, default=new_event_sid)
    position = models.BigIntegerField(null=True, unique=True)
    type = models.CharField(_("type"), max_length=64)
    subject_sid = models.CharField(max_length=sids.LENGTH)
    workspace_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    actor_kind = models.CharField(_("actor"), max_length=16)
    actor_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    ref = models.CharField(max_length=64, blank=True)
    audiences = models.JSONField(default=list)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["id"], name="event_unnumbered", condition=models.Q(position__isnull=True)),
            models.Index(fields=["subject_sid", "position"], name="event_subject"),
            models.Index(fields=["created_at"], name="event_created"),
            # Small: what happens all day long is not in it.
            models.Index(fields=["id"], name="event_configuration", condition=models.Q(type__in=TYPES)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_sid}"


class Delivery(models.Model):
    """Event ``event`` is number ``n`` for ``audience``: the resumable cursor of every live screen."""

    audience = models.CharField(max_length=48)
    n = models.BigIntegerField()
    # The relay alone writes these, with the events' positions: nothing is left for the database to look up.
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "n"], name="delivery_number")]


class AudienceHead(models.Model):
    """The last number that an audience was given."""

    audience = models.CharField(max_length=48, primary_key=True)
    n = models.BigIntegerField(default=0)


class SinkPosition(models.Model):
    """How far a sink has read; only the sink itself is held up when it fails."""

    sink = models.CharField(max_length=100, primary_key=True)
    position = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    retry_at = models.DateTimeField(null=True)


class Lease(models.Model):
    """One holder at a time, told apart by a fence that only rises."""

    name = models.CharField(max_length=100, primary_key=True)
    holder = models.CharField(max_length=64, blank=True)
    fence = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()
