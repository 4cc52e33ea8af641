"""Queues, workflows, tasks and reservations. The database itself refuses what must never be."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agents.models import Activity, TaskChannel, Worker, Workspace
from kernel import clock, sids
from routing.core.states import (
    RESERVATION_ENDED,
    RESERVATION_OPEN,
    RESERVATION_TAKEN,
    TASK_ENDED,
    TASK_LIVE,
    TRANSFER_ENDED,
)

MAX_RESERVATION_TIMEOUT = 86_400
MAX_PRIORITY = 2_147_483_647
DEFAULT_RESERVATION_TIMEOUT = 120


def new_queue_sid() -> str:
    return sids.new("WQ")


def new_workflow_sid() -> str:
    return sids.new("WW")


def new_task_sid() -> str:
    return sids.new("WT")


def new_reservation_sid() -> str:
    return sids.new("WR")


def new_transfer_sid() -> str:
    return sids.new("TT")


def new_replay_sid() -> str:
    return sids.new("RP")


class TaskOrder(models.TextChoices):
    """In which order a queue is served. https://www.twilio.com/docs/taskrouter/queue-ordering-last-first-out-lifo"""

    FIFO = "FIFO", _("by priority, then oldest first")
    LIFO = "LIFO", _("newest first, whatever the priority")


class TaskQueue(models.Model):
    """Where tasks wait, and who may serve them."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_queue_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="task_queues", verbose_name=_("workspace")
    )
    friendly_name = models.CharField(_("name"), max_length=64)
    target_workers = models.TextField(
        _("target workers"),
        default="1==1",
        blank=True,
        help_text=_("Which workers serve this queue, such as: skills HAS 'billing'. Empty: nobody."),
    )
    task_order = models.CharField(_("order"), max_length=4, choices=TaskOrder.choices, default=TaskOrder.FIFO)
    max_reserved_workers = models.PositiveSmallIntegerField(
        _("workers asked at once"), default=1, help_text=_("The first to accept has it; 1 to 50.")
    )
    # Only single-tasking workspaces move workers through these; kept because Twilio's API has them.
    reservation_activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    assignment_activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("task queue")
        verbose_name_plural = _("task queues")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "friendly_name"], name="task_queue_name"),
            models.CheckConstraint(condition=Q(max_reserved_workers__range=(1, 50)), name="task_queue_reserved"),
        ]

    def __str__(self) -> str:
        return self.friendly_name


class Workflow(models.Model):
    """From a task's attributes to its queue and priority, and on when nobody answers."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_workflow_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="workflows", verbose_name=_("workspace")
    )
    friendly_name = models.CharField(_("name"), max_length=64)
    configuration = models.TextField(_("configuration"), help_text=_("Twilio's workflow document (JSON)."))
    task_reservation_timeout = models.PositiveIntegerField(
        _("reservation timeout"),
        default=DEFAULT_RESERVATION_TIMEOUT,
        help_text=_("Seconds that a worker has to answer an offer."),
    )
    assignment_callback_url = models.URLField(_("assignment callback"), max_length=2048, blank=True)
    fallback_assignment_callback_url = models.URLField(_("fallback of the callback"), max_length=2048, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "friendly_name"], name="workflow_name"),
            models.CheckConstraint(
                condition=Q(task_reservation_timeout__range=(1, MAX_RESERVATION_TIMEOUT)), name="workflow_timeout"
            ),
        ]

    def __str__(self) -> str:
        return self.friendly_name


class WorkflowVersion(models.Model):
    """A document as it once was. Tasks stay on the version that they entered with."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveBigIntegerField()
    configuration = models.TextField()
    actor_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    # Waiting tasks of older versions come over to this one. Up to which task that is done; null: it is done.
    re_evaluates = models.BooleanField(default=False)
    re_evaluated_to = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="workflow_version_number")]
        indexes = [
            models.Index(fields=["id"], name="version_re_evaluating", condition=Q(re_evaluated_to__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.number}"


class Draft(models.Model):
    """A workflow document that somebody works on and that decides nothing yet."""

    workflow = models.OneToOneField(Workflow, on_delete=models.CASCADE, related_name="draft")
    configuration = models.TextField(_("configuration"))
    based_on = models.ForeignKey(WorkflowVersion, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    updated_at = models.DateTimeField(_("changed"), default=clock.now)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return f"{self.workflow} *"


class Task(models.Model):
    """A piece of work on its way to a worker. States: `routing.core.states.TASK`."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_task_sid, editable=False)
    # Every index here is written three times in a task's life: these foreign keys have none. `task_recent` and the
    # partial ones serve all reads but those that come with the deletion of a queue, a workflow or a channel.
    # Nor does the database look up again what the task's queue and workflow vouch for: a lock on the one row of the
    # workspace for each task that arrives.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="tasks", db_index=False, db_constraint=False
    )
    workflow = models.ForeignKey(Workflow, on_delete=models.SET_NULL, null=True, related_name="tasks", db_index=False)
    workflow_version = models.ForeignKey(
        WorkflowVersion,
        on_delete=models.SET_NULL,
        null=True,
        related_name="tasks",
        db_index=False,
        db_constraint=False,
    )
    # Where the task stands in its workflow; null when it was put into a queue without one.
    filter_index = models.SmallIntegerField(null=True)
    target_index = models.SmallIntegerField(default=0)
    step_ends_at_age = models.IntegerField(default=0)
    step_due_at = models.DateTimeField(null=True)
    # A step's skip_if is asked once, on entering: not again after a rejected offer, nor by another router.
    skip_asked = models.BooleanField(default=False)
    task_queue = models.ForeignKey(
        TaskQueue,
        on_delete=models.SET_NULL,
        null=True,
        related_name="tasks",
        verbose_name=_("task queue"),
        db_index=False,
    )
    task_queue_entered_at = models.DateTimeField(null=True)
    task_channel = models.ForeignKey(TaskChannel, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    # The sid of a worker, queue or workflow that the task was made for; empty: none.
    routing_target = models.CharField(max_length=sids.LENGTH, blank=True)
    ignore_capacity = models.BooleanField(default=False)
    # The first agent keeps the task until somebody else has accepted it: an open transfer.
    in_transfer = models.BooleanField(default=False)
    assignment_count = models.PositiveIntegerField(default=0)
    addons = models.JSONField(default=dict)
    attributes = models.JSONField(_("attributes"), default=dict)
    required_skills = models.JSONField(_("required skills"), default=list)
    priority = models.IntegerField(_("priority"), default=0)
    assignment_status = models.CharField(_("status"), max_length=16, default="pending")
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    virtual_start_time = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    updated_at = models.DateTimeField(_("changed"), default=clock.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(
                "task_queue",
                F("priority").desc(),
                "virtual_start_time",
                name="task_pending",
                condition=Q(assignment_status="pending"),
            ),
            models.Index("workspace", "id", name="task_waiting", condition=Q(assignment_status="pending")),
            models.Index(
                fields=["expires_at"], name="task_expires", condition=Q(assignment_status__in=("pending", "reserved"))
            ),
            models.Index(
                fields=["step_due_at"],
                name="task_step_due",
                condition=Q(assignment_status="pending", step_due_at__isnull=False),
            ),
            models.Index(fields=["workspace", "-created_at"], name="task_recent"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(assignment_status__in=(*TASK_LIVE, *TASK_ENDED)), name="task_status_known"
            ),
            models.CheckConstraint(
                condition=Q(assignment_status__in=TASK_ENDED, ended_at__isnull=False)
                | Q(assignment_status__in=TASK_LIVE, ended_at__isnull=True),
                name="task_ended",
            ),
            # Also what makes a queue undeletable while a task waits in it.
            models.CheckConstraint(
                condition=Q(assignment_status__in=TASK_ENDED) | Q(task_queue__isnull=False), name="task_queued"
            ),
            models.CheckConstraint(
                condition=Q(assignment_status__in=TASK_ENDED)
                | Q(filter_index__isnull=True)
                | Q(workflow_version__isnull=False),
                name="task_versioned",
            ),
            models.CheckConstraint(condition=Q(priority__gte=0), name="task_priority"),
        ]

    def __str__(self) -> str:
        return self.sid


class TransferMode(models.TextChoices):
    """Whether the first agent leaves when the second has accepted, or stays for a while."""

    COLD = "COLD", _("hand over and leave")
    WARM = "WARM", _("hand over together")


class Transfer(models.Model):
    """An assigned task on its way to somebody else. States: `routing.core.states.TRANSFER`."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_transfer_sid, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="transfers")
    # Whose reservation stays until the second agent has accepted.
    initiating_reservation = models.ForeignKey("Reservation", on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(_("mode"), max_length=4, choices=TransferMode.choices, default=TransferMode.COLD)
    to = models.CharField(_("to"), max_length=sids.LENGTH)
    status = models.CharField(_("status"), max_length=16, default="initiated")
    note = models.TextField(_("note"), blank=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    # Where the task stood before, so that a failed transfer leaves no trace in it.
    origin = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(fields=["task"], name="one_open_transfer", condition=Q(status="initiated")),
            models.CheckConstraint(
                condition=Q(status__in=("initiated", *TRANSFER_ENDED)), name="transfer_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="initiated", ended_at__isnull=True)
                | Q(status__in=TRANSFER_ENDED, ended_at__isnull=False),
                name="transfer_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.sid


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
