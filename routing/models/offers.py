"""Offers of tasks to workers, and why each went where it went. The database itself refuses one too many."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models import Worker, Workspace
from kernel import clock, sids
from routing.core.states import RESERVATION_ENDED, RESERVATION_OPEN, RESERVATION_TAKEN
from routing.models.tasks import Task, Transfer


def new_reservation_sid() -> str:
    return sids.new("WR")


class Roster(models.Model):
    """The workers of a workspace in a certain order, to which the letters of `Judgement.verdicts` refer."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    numbers = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="roster_digest")]


class Judgement(models.Model):
    """Why the offers of one decision went where they went: a letter for each worker, zlib-compressed.

    ``rule`` is the shape of `routing.core.verdicts.Rule`. Shared by all offers of one crew in one decision.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="+")
    rule = models.JSONField(default=dict)
    verdicts = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now, db_index=True)


class Reservation(models.Model):
    """A task offered to a worker. States: `routing.core.states.RESERVATION`."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_reservation_sid, editable=False)
    # Whoever makes a reservation holds both rows locked: to have the database look them up once more, each in a
    # statement of its own, was a tenth of an offer.
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reservations", db_constraint=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="reservations", db_constraint=False)
    # Which of the task's simultaneous offers: 0 to n - 1, so that the database refuses an offer too many.
    place = models.PositiveSmallIntegerField(default=0)
    transfer = models.ForeignKey(
        Transfer, on_delete=models.SET_NULL, null=True, related_name="reservations", db_index=False
    )
    judgement = models.ForeignKey(
        Judgement, on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    reservation_status = models.CharField(_("status"), max_length=16, default="pending")
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    wrapping_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        indexes = [
            models.Index(fields=["expires_at"], name="reservation_expires", condition=Q(reservation_status="pending")),
            models.Index(fields=["transfer"], name="reservation_transfer", condition=Q(transfer__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "place"],
                name="one_open_reservation_a_place",
                condition=Q(reservation_status__in=RESERVATION_OPEN),
            ),
            # Also the way to what a worker has open.
            models.UniqueConstraint(
                fields=["worker", "task"],
                name="one_open_reservation_a_worker",
                condition=Q(reservation_status__in=RESERVATION_OPEN),
            ),
            models.CheckConstraint(condition=Q(place__lt=100), name="reservation_place"),
            models.CheckConstraint(
                condition=Q(reservation_status__in=(*RESERVATION_OPEN, *RESERVATION_ENDED)),
                name="reservation_status_known",
            ),
            models.CheckConstraint(
                condition=Q(reservation_status__in=RESERVATION_TAKEN, accepted_at__isnull=False)
                | Q(~Q(reservation_status__in=RESERVATION_TAKEN), accepted_at__isnull=True),
                name="reservation_accepted",
            ),
            models.CheckConstraint(
                condition=Q(reservation_status__in=RESERVATION_ENDED, ended_at__isnull=False)
                | Q(reservation_status__in=RESERVATION_OPEN, ended_at__isnull=True),
                name="reservation_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.sid
