"""Events, the numbers that each audience sees, and who has read how far."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from eventlog.configuration import TYPES
from kernel import clock, sids


def new_event_sid() -> str:
    return sids.new("EV")


class Event(models.Model):
    """One fact, written in the transaction that made it true, and never touched again.

    ``id`` is an identity and nothing more: a sequence hands ids out before commit, so a reader that remembers "the last
    id seen" skips rows that commit late. `eventlog.follow` skips nothing; `Position` is the order that sinks see.
    """

    # Begins with the time, and so do the entries of its index, wherever an event is written: one in a random place for
    # each event would be dear.
    sid = models.CharField(max_length=sids.LENGTH, default=new_event_sid)
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
            models.Index(fields=["subject_sid", "id"], name="event_subject"),
            models.Index(fields=["created_at"], name="event_created"),
            models.Index(fields=["sid"], name="event_sid"),
            models.Index(fields=["workspace_sid", "created_at", "id"], name="event_workspace"),
            # Small: what happens all day long is not in it.
            models.Index(fields=["id"], name="event_configuration", condition=models.Q(type__in=TYPES)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_sid}"


class Position(models.Model):
    """Where an event stands in the log as sinks read it: given after commit, by one relay at a time, without gaps.

    A row of its own, since to write it on the event would write all of the event anew. ``numbers`` says by which number
    each audience knows it.
    """

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.CASCADE, db_constraint=False)
    numbers = models.JSONField(default=dict)


class Horizon(models.Model):
    """The one row that says up to which id every event has its position, or will never be there.

    It may lag behind: whoever begins to number looks at all that is beyond. ``pruned`` is the position up to which
    deliveries are forgotten.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    event_id = models.BigIntegerField(default=0)
    pruned = models.BigIntegerField(default=0)


class Delivery(models.Model):
    """Event ``event`` is number ``n`` for ``audience``: the resumable cursor of every live screen."""

    pk = models.CompositePrimaryKey("audience", "n")
    audience = models.CharField(max_length=48)
    n = models.BigIntegerField()
    # The relay alone writes these, with the events' positions: nothing is left for the database to look up, and the way
    # back goes by the position's numbers.
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, related_name="deliveries", db_constraint=False, db_index=False
    )


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
