"""Templates as the provider told of them last. They are its account's, which every workspace here sends through."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import sids


class Template(models.Model):
    """A Content resource (``HX…``): what it says by content type, a sample for each value, and its approval.

    Rows are a mirror: they come, change and go with the provider's list and by nothing else.
    """

    class State(models.TextChoices):
        """How WhatsApp stands to it."""

        UNSUBMITTED = "unsubmitted", pgettext_lazy("template", "not submitted")
        RECEIVED = "received", pgettext_lazy("template", "received")
        PENDING = "pending", pgettext_lazy("template", "in review")
        APPROVED = "approved", pgettext_lazy("template", "approved")
        REJECTED = "rejected", pgettext_lazy("template", "rejected")
        PAUSED = "paused", pgettext_lazy("template", "paused")
        DISABLED = "disabled", pgettext_lazy("template", "disabled")

    sid = models.CharField(_("sid"), max_length=sids.LENGTH, unique=True)
    account_sid = models.CharField(max_length=sids.LENGTH)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=16)
    samples = models.JSONField(_("samples"), default=dict)
    types = models.JSONField(_("content"), default=dict)
    category = models.CharField(_("category"), max_length=32, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    reason = models.TextField(_("reason"), blank=True)
    # All its words in small letters, to be found by.
    words = models.TextField()
    changed_at = models.DateTimeField(_("changed at the provider"), null=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        indexes = [models.Index(fields=["account_sid", "name"], name="template_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class TemplateReading(models.Model):
    """When the list of an account's templates was read, is to be read, and how that went."""

    account_sid = models.CharField(max_length=sids.LENGTH, unique=True)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=32, blank=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.account_sid
