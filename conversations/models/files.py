"""Files: those of messages, and those that are to become one."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.talks import Conversation, Message
from kernel import sids


def new_media_sid() -> str:
    return sids.new("ME")


class Media(models.Model):
    """A file of a message; a customer's is fetched by a worker. Served only to those who see the conversation."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        STORED = "stored", _("stored")
        FAILED = "failed", _("failed")
        ERASED = "erased", _("erased")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_media_sid, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="media")
    # Where the provider keeps a customer's file; empty for one of ours.
    source_url = models.CharField(max_length=1000, blank=True)
    name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    file = models.FileField(upload_to="media/%Y/%m/", blank=True)
    # Of a picture that could be decoded: a small one, and the size of the whole.
    thumbnail = models.FileField(upload_to="thumbnails/%Y/%m/", blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    # Why it could not be fetched: the carrier's code.
    failure = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="media_due")]


class Upload(models.Model):
    """A file that an agent, a bot or a visitor has brought and not sent yet; it becomes the `Media` of the same sid.

    ``owner_sid`` is the worker's, the key's or the visitor's. A visitor's file belongs to no conversation yet: the next
    words may begin one. What is never sent is swept away at ``due_at``.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_media_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, related_name="uploads")
    owner_sid = models.CharField(max_length=sids.LENGTH)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to="media/%Y/%m/")
    thumbnail = models.FileField(upload_to="thumbnails/%Y/%m/", blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="upload_due"),
            models.Index(fields=["owner_sid"], name="upload_owner"),
        ]

    def __str__(self) -> str:
        return self.sid
