"""Workspaces, activities, task channels, workers and how much each worker takes at once."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from kernel import clock, sids

MAX_CAPACITY = 50


def new_workspace_sid() -> str:
    return sids.new("WS")


def new_activity_sid() -> str:
    return sids.new("WA")


def new_task_channel_sid() -> str:
    return sids.new("TC")


def new_worker_sid() -> str:
    return sids.new("WK")


def new_worker_channel_sid() -> str:
    return sids.new("WC")


class QueueOrder(models.TextChoices):
    """Which kind of queue a worker who serves both kinds is given work from first."""

    FIFO = "FIFO", _("queues that serve the oldest first")
    LIFO = "LIFO", _("queues that serve the newest first")


class Workspace(models.Model):
    """One contact centre: nothing in it ever crosses into another."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_workspace_sid, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="workspaces", verbose_name=_("account"))
    friendly_name = models.CharField(_("name"), max_length=64)
    default_activity = models.ForeignKey(
        "Activity",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("default activity"),
        help_text=_("What a new worker begins with."),
    )
    timeout_activity = models.ForeignKey(
        "Activity",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("timeout activity"),
        help_text=_("Where a worker goes who lets an offer time out; empty leaves him where he is."),
    )
    event_callback_url = models.URLField(
        _("event callback"), max_length=2048, blank=True, help_text=_("Where events are POSTed; empty: nowhere.")
    )
    events_filter = models.TextField(
        _("events filter"), blank=True, help_text=_("Event types, separated by commas; empty: all of them.")
    )
    multi_task_enabled = models.BooleanField(_("multitasking"), default=True, editable=False)
    prioritize_queue_order = models.CharField(
        _("served first"), max_length=4, choices=QueueOrder.choices, default=QueueOrder.FIFO
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.friendly_name


class Activity(models.Model):
    """What a worker says he is doing. ``available`` never changes after creation."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_activity_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="activities", verbose_name=_("workspace")
    )
    friendly_name = models.CharField(_("name"), max_length=64)
    available = models.BooleanField(_("available for work"), default=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [models.UniqueConstraint(fields=["workspace", "friendly_name"], name="activity_name")]

    def __str__(self) -> str:
        return self.friendly_name


class TaskChannel(models.Model):
    """A kind of work that capacity is counted by."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_task_channel_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="task_channels", verbose_name=_("workspace")
    )
    unique_name = models.CharField(_("unique name"), max_length=64)
    friendly_name = models.CharField(_("name"), max_length=64)
    channel_optimized_routing = models.BooleanField(
        _("a line of its own"),
        default=False,
        help_text=_("Offers go to the worker who has been longest without work of this channel, not of any."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("task channel")
        verbose_name_plural = _("task channels")
        constraints = [models.UniqueConstraint(fields=["workspace", "unique_name"], name="task_channel_name")]

    def __str__(self) -> str:
        return self.friendly_name


class Worker(models.Model):
    """Somebody, or something, that takes tasks."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_worker_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="workers", verbose_name=_("workspace")
    )
    user = models.OneToOneField(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="worker", verbose_name=_("user")
    )
    friendly_name = models.CharField(_("name"), max_length=64)
    attributes = models.JSONField(
        _("attributes"), default=dict, help_text=_('What expressions may ask for, such as {"skills": ["billing"]}.')
    )
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="workers", verbose_name=_("activity"))
    date_status_changed = models.DateTimeField(_("activity since"), default=clock.now, editable=False)
    last_assigned_at = models.DateTimeField(_("last offer"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        constraints = [models.UniqueConstraint("workspace", Lower("friendly_name"), name="worker_name")]

    def __str__(self) -> str:
        return self.friendly_name


class WorkerChannel(models.Model):
    """How many tasks of one channel a worker takes at once, and how many he has.

    ``load`` counts open reservations (pending, accepted, wrapping), ``assigned`` the accepted ones; both come and go
    without a new ``version``.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_worker_channel_sid, editable=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="channels")
    task_channel = models.ForeignKey(TaskChannel, on_delete=models.CASCADE, related_name="worker_channels")
    configured_capacity = models.PositiveSmallIntegerField(_("capacity"), default=1)
    available = models.BooleanField(_("available"), default=True)
    load = models.IntegerField(_("load"), default=0, editable=False)
    assigned = models.IntegerField(_("assigned"), default=0, editable=False)
    last_assigned_at = models.DateTimeField(_("last offer"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        constraints = [
            models.UniqueConstraint(fields=["worker", "task_channel"], name="worker_channel_pair"),
            models.CheckConstraint(condition=Q(load__gte=0), name="worker_channel_load"),
            models.CheckConstraint(condition=Q(assigned__gte=0), name="worker_channel_assigned"),
            models.CheckConstraint(condition=Q(configured_capacity__lte=MAX_CAPACITY), name="worker_channel_capacity"),
        ]

    def __str__(self) -> str:
        return f"{self.worker} · {self.task_channel}"
