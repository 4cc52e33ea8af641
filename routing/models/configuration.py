"""What supervisors set up: queues, workflows, the documents that workflows had, and those that decide nothing yet."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models import Activity, Workspace
from kernel import clock, sids

MAX_RESERVATION_TIMEOUT = 86_400
DEFAULT_RESERVATION_TIMEOUT = 120


def new_queue_sid() -> str:
    return sids.new("WQ")


def new_workflow_sid() -> str:
    return sids.new("WW")


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
