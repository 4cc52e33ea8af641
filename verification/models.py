"""Services, verifications, and the sendings of their codes."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.vault import Vault
from agents.models import Workspace
from conversations.models import Address
from kernel import clock, sids

CODES: Final = Vault("verification.code")
SEALED: Final = Vault("verification.code.sealed")


def new_service_sid() -> str:
    return sids.new("VA")


def new_verification_sid() -> str:
    return sids.new("VE")


def new_sending_sid() -> str:
    return sids.new("VL")


class Service(models.Model):
    """In whose name codes are sent, how long they are, and from which of our addresses."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_service_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="verify_services", verbose_name=_("workspace")
    )
    friendly_name = models.CharField(_("name"), max_length=30)
    code_length = models.PositiveSmallIntegerField(_("figures of a code"), default=6)
    sms_from = models.ForeignKey(
        Address,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sender of SMS"),
        limit_choices_to={"channel": "sms"},
    )
    whatsapp_from = models.ForeignKey(
        Address,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sender on WhatsApp"),
        limit_choices_to={"channel": "whatsapp"},
    )
    content_sid = models.CharField(_("template on WhatsApp"), max_length=sids.LENGTH, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("verification service")
        verbose_name_plural = _("verification services")

    def __str__(self) -> str:
        return self.friendly_name


class Verification(models.Model):
    """Somebody is to show that a number is theirs.

    Of the code there is a keyed digest, to check it by, and while it may be sent again a sealed copy; both go when the
    verification ends.
    """

    class Status(models.TextChoices):
        PENDING = "pending", pgettext_lazy("verification", "pending")
        APPROVED = "approved", pgettext_lazy("verification", "approved")
        CANCELED = "canceled", pgettext_lazy("verification", "canceled")
        EXPIRED = "expired", pgettext_lazy("verification", "expired")
        EXHAUSTED = "max_attempts_reached", pgettext_lazy("verification", "too many checks")

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_verification_sid, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="verifications")
    to = models.CharField(_("to"), max_length=16)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    locale = models.CharField(max_length=8)
    status = models.CharField(_("state"), max_length=24, choices=Status.choices, default=Status.PENDING)
    code_digest = models.CharField(max_length=64, blank=True)
    code_sealed = models.TextField(blank=True)
    sends = models.PositiveSmallIntegerField(_("sendings"), default=1)
    checks = models.PositiveSmallIntegerField(_("checks"), default=0)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [
            models.UniqueConstraint(
                fields=["service", "to"], condition=Q(status="pending"), name="one_pending_verification"
            ),
            models.CheckConstraint(
                condition=Q(status="pending") | Q(code_digest="", code_sealed=""), name="no_code_after_the_end"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="verification_expires"),
            models.Index(fields=["created_at"], name="verification_created"),
        ]

    def __str__(self) -> str:
        return self.sid


class Sending(models.Model):
    """One text with the code. ``due_at`` is set while a carrier still has to take it."""

    class Status(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("sending", "queued")
        SENDING = "sending", pgettext_lazy("sending", "sending")
        SENT = "sent", pgettext_lazy("sending", "sent")
        FAILED = "failed", pgettext_lazy("sending", "failed")
        UNKNOWN = "unknown", pgettext_lazy("sending", "unknown")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_sending_sid, editable=False)
    verification = models.ForeignKey(Verification, on_delete=models.CASCADE, related_name="sendings")
    channel = models.CharField(max_length=16)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    to = models.CharField(max_length=16)
    prefix = models.CharField(max_length=16)
    key_sid = models.CharField(max_length=sids.LENGTH)
    account_sid = models.CharField(max_length=sids.LENGTH)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="sending_due"),
            models.Index(fields=["account_sid", "to", "created_at"], name="sending_by_number"),
            models.Index(fields=["account_sid", "prefix", "created_at"], name="sending_by_prefix"),
            models.Index(fields=["account_sid", "key_sid", "created_at"], name="sending_by_key"),
        ]

    def __str__(self) -> str:
        return self.sid
