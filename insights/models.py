"""What statistics of the past are computed from: a row for each event that counts, and for each time in an activity.

Every row follows from its own event alone and is named by its position in the log: to read an event again writes the
same row again. Sids instead of references, since what they name may be gone.
"""

from django.db import models

from kernel import sids


class TaskFact(models.Model):
    """Something happened to a task or a reservation. ``kind`` is the event's type, or a `transfer.to-…`."""

    position = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    workspace_sid = models.CharField(max_length=sids.LENGTH)
    task_channel = models.CharField(max_length=64)
    task_queue_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    workflow_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    worker_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    # In milliseconds: since the task was made, since it came into its queue.
    wait = models.BigIntegerField()
    wait_in_queue = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_sid", "at"], name="task_fact_workspace"),
            models.Index(fields=["task_queue_sid", "at"], name="task_fact_queue"),
            models.Index(fields=["workflow_sid", "at"], name="task_fact_workflow"),
            models.Index(fields=["worker_sid", "at"], name="task_fact_worker"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position}"


class ActivitySpell(models.Model):
    """A worker was in an activity, and is no longer. What he does now stands in his own row."""

    position = models.BigIntegerField(primary_key=True)
    workspace_sid = models.CharField(max_length=sids.LENGTH)
    worker_sid = models.CharField(max_length=sids.LENGTH)
    activity_sid = models.CharField(max_length=sids.LENGTH)
    activity_name = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_sid", "ended_at"], name="activity_spell_workspace"),
            models.Index(fields=["worker_sid", "ended_at"], name="activity_spell_worker"),
        ]

    def __str__(self) -> str:
        return f"{self.worker_sid} {self.activity_name}"
