"""Endpoints of integrators, and what was or is to be sent to each."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hooks import egress
from hooks.core import kinds
from kernel import clock, sids
from kernel.errors import Invalid
from kernel.targets import URL_LENGTH


def new_endpoint_sid() -> str:
    return sids.new("WH")


def new_dispatch_sid() -> str:
    return sids.new("WD")


def validate_url(url: str) -> None:
    """The field's own check: what `egress` would refuse by its looks is never saved."""
    try:
        egress.check_url(url)
    except Invalid as error:
        raise ValidationError(gettext(error.message) % error.params) from error


class Kind(models.TextChoices):
    """What is sent, and how: `hooks.core.kinds` and `hooks.letters` tell."""

    WEBHOOK = kinds.WEBHOOK, _("webhook")
    EVENT_CALLBACK = kinds.EVENT_CALLBACK, _("event callback")
    ASSIGNMENT_CALLBACK = kinds.ASSIGNMENT_CALLBACK, _("assignment callback")


class Endpoint(models.Model):
    """An integrator's URL. ``secret`` is encrypted and leaves this table only to sign.

    A callback belongs to ``owner_sid``, where its addresses are set; it is signed with the account's auth token.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_endpoint_sid, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="endpoints", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices, default=Kind.WEBHOOK, editable=False)
    owner_sid = models.CharField(max_length=sids.LENGTH, blank=True, editable=False)
    friendly_name = models.CharField(_("name"), max_length=64)
    url = models.CharField(_("URL"), max_length=URL_LENGTH, validators=[validate_url])
    fallback_url = models.CharField(max_length=URL_LENGTH, blank=True, editable=False)
    secret = models.TextField(blank=True, editable=False)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner_sid"], condition=~Q(owner_sid=""), name="endpoint_owner"),
        ]

    def __str__(self) -> str:
        return self.friendly_name


class Dispatch(models.Model):
    """One event for one endpoint. While an attempt runs, ``due_at`` is the end of its lease."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_dispatch_sid, editable=False)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="dispatches", verbose_name=_("webhook endpoint")
    )
    event_sid = models.CharField(max_length=sids.LENGTH)
    type = models.CharField(_("type"), max_length=64)
    subject_sid = models.CharField(max_length=sids.LENGTH)
    payload = models.JSONField()
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    fence = models.PositiveIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(_("last status"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    replayed_at = models.DateTimeField(_("sent again"), null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_sid"], name="dispatch_event"),
            models.CheckConstraint(
                condition=Q(status="pending", due_at__isnull=False) | Q(status__in=("delivered", "failed")),
                name="dispatch_due",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="dispatch_pending_due"),
            models.Index(fields=["endpoint", "subject_sid", "id"], condition=Q(status="pending"), name="dispatch_line"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.sid}"
