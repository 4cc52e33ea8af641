"""What the simulated provider remembers."""

from django.db import models

from carriers.base import CHANNELS
from kernel import clock, sids

_CHANNELS = [(channel, channel) for channel in CHANNELS]

# A status never falls: receipts may come in any order.
RANKS = {
    "received": 0,
    "accepted": 0,
    "queued": 1,
    "sent": 2,
    "delivered": 3,
    "undelivered": 3,
    "failed": 3,
    "read": 4,
}


def _number_sid() -> str:
    return sids.new("PN")


def _service_sid() -> str:
    return sids.new("MG")


def _media_sid() -> str:
    return sids.new("ME")


def _content_sid() -> str:
    return sids.new("HX")


class TwinService(models.Model):
    """A Messaging Service of the account, with the URLs to call instead of its numbers' own.

    ``sticky_sender``: who of the pool wrote to a customer writes to him again.
    """

    sid = models.CharField(max_length=34, unique=True, default=_service_sid)
    friendly_name = models.CharField(max_length=64, blank=True)
    inbound_request_url = models.CharField(max_length=2048, blank=True)
    inbound_method = models.CharField(max_length=4, default="POST")
    fallback_url = models.CharField(max_length=2048, blank=True)
    fallback_method = models.CharField(max_length=4, default="POST")
    use_inbound_webhook_on_number = models.BooleanField(default=False)
    sticky_sender = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.friendly_name or self.sid


class TwinNumber(models.Model):
    """A number, RCS agent, WhatsApp sender or Messenger page of the account, with the URLs to call.

    It stands in the pool of one service at most. ``free_at``: when what it has queued will have gone out.
    """

    sid = models.CharField(max_length=34, unique=True, default=_number_sid)
    address = models.CharField(max_length=100, unique=True)
    channel = models.CharField(max_length=16, choices=_CHANNELS)
    friendly_name = models.CharField(max_length=64, blank=True)
    sms_url = models.CharField(max_length=2048, blank=True)
    sms_method = models.CharField(max_length=4, default="POST")
    sms_fallback_url = models.CharField(max_length=2048, blank=True)
    status_callback = models.CharField(max_length=2048, blank=True)
    service = models.ForeignKey(TwinService, on_delete=models.SET_NULL, null=True, blank=True, related_name="pool")
    free_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.address


class TwinCustomer(models.Model):
    """Somebody with a phone; the address is what the contact centre sees."""

    channel = models.CharField(max_length=16, choices=_CHANNELS)
    address = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class TwinMessage(models.Model):
    """One message of the account; ``status`` is the provider's view of it."""

    sid = models.CharField(max_length=34, unique=True)
    direction = models.CharField(max_length=12)
    from_address = models.CharField(max_length=100)
    to_address = models.CharField(max_length=100)
    body = models.TextField(blank=True)
    media_urls = models.JSONField(default=list, blank=True)
    num_media = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=16)
    error_code = models.PositiveIntegerField(null=True, blank=True)
    error_message = models.CharField(max_length=200, blank=True)
    status_callback = models.CharField(max_length=2048, blank=True)
    messaging_service_sid = models.CharField(max_length=34, blank=True)
    # When its sender's turn has come.
    goes_at = models.DateTimeField(default=clock.now)
    # Of a template: which, and its buttons as the phone shows them. Of a pressed button: its text and its payload.
    content_sid = models.CharField(max_length=34, blank=True)
    buttons = models.JSONField(default=list, blank=True)
    choice = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("from_address", "id")),
            models.Index(fields=("to_address", "id")),
            models.Index(fields=("created_at",)),
        )

    def __str__(self) -> str:
        return self.sid

    @property
    def is_inbound(self) -> bool:
        """Whether a customer wrote it."""
        return self.direction == "inbound"


class TwinContent(models.Model):
    """A template of the account; ``status`` is what WhatsApp's reviewers have said of it."""

    sid = models.CharField(max_length=34, unique=True, default=_content_sid)
    friendly_name = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    variables = models.JSONField(default=dict, blank=True)
    types = models.JSONField(default=dict)
    category = models.CharField(max_length=16, default="UTILITY")
    status = models.CharField(max_length=16, default="approved")
    rejection_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("friendly_name", "language"), name="twin_content_name"),)

    def __str__(self) -> str:
        return self.friendly_name


class TwinMedia(models.Model):
    """A file of a message. The bytes lie in the database: the twin needs no shared disk."""

    sid = models.CharField(max_length=34, unique=True, default=_media_sid)
    message = models.ForeignKey(TwinMessage, on_delete=models.CASCADE, related_name="media")
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.sid


class TwinCallback(models.Model):
    """A webhook or status callback still to be made, or made; or (``media``) our files, still to be fetched.

    ``lane``: callbacks of one lane are made one at a time, in the order of their ids. ``status``: what the message
    becomes when the callback's time has come.
    """

    message = models.ForeignKey(TwinMessage, on_delete=models.CASCADE, related_name="callbacks")
    kind = models.CharField(max_length=8, choices=[(name, name) for name in ("inbound", "status", "media")])
    status = models.CharField(max_length=16, blank=True)
    lane = models.CharField(max_length=220)
    url = models.CharField(max_length=2048, blank=True)
    fallback_url = models.CharField(max_length=2048, blank=True)
    method = models.CharField(max_length=4, default="POST")
    params = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    last_status = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(done_at__isnull=True), name="twin_callback_due"),
            models.Index(fields=("lane", "id"), condition=models.Q(done_at__isnull=True), name="twin_callback_lane"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"

    @property
    def was_taken(self) -> bool:
        """Whether the other side answered with 2xx."""
        return self.last_status is not None and 200 <= self.last_status < 300


class TwinFaults(models.Model):
    """What is to go wrong next: one row; each ``…_next`` counts down with every use.

    ``sender_rate``: messages a second that each number takes, any number of them at 0; the others are queued, up to
    ``queue_seconds`` long.
    """

    delay_ms = models.PositiveIntegerField(default=0)
    hang_seconds = models.PositiveIntegerField(default=12)
    rate_limit_next = models.PositiveIntegerField(default=0)
    server_error_next = models.PositiveIntegerField(default=0)
    hang_next = models.PositiveIntegerField(default=0)
    duplicate_next = models.PositiveIntegerField(default=0)
    reorder_next = models.PositiveIntegerField(default=0)
    lose_next = models.PositiveIntegerField(default=0)
    undelivered_next = models.PositiveIntegerField(default=0)
    sender_rate = models.PositiveIntegerField(default=0)
    queue_seconds = models.PositiveIntegerField(default=36_000)

    class Meta:
        verbose_name_plural = "twin faults"

    def __str__(self) -> str:
        return "faults"
