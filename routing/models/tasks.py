"""Tasks, and their way from one agent to another. The database itself refuses what must never be."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agents.models import TaskChannel, Workspace
from kernel import clock, sids
from routing.core.states import TASK_ENDED, TASK_LIVE, TRANSFER_ENDED
from routing.models.configuration import TaskQueue, Workflow, WorkflowVersion

MAX_PRIORITY = 2_147_483_647


def new_task_sid() -> str:
    return sids.new("WT")


def new_transfer_sid() -> str:
    return sids.new("TT")


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
