"""Messaging services: several of our addresses under one name, of which one writes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Workspace
from kernel import clock, sids


class MessagingService(models.Model):
    """A pool of senders at the provider (``MG…``)."""

    sid = models.CharField(_("sid"), max_length=sids.LENGTH, unique=True)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="messaging_services", verbose_name=_("workspace")
    )
    friendly_name = models.CharField(_("name"), max_length=64)
    sticky = models.BooleanField(_("sticky sender"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("messaging service")
        verbose_name_plural = _("messaging services")

    def __str__(self) -> str:
        return self.friendly_name


class PoolSender(models.Model):
    """One of our addresses in a pool. The provider lets a number be in one pool only."""

    service = models.ForeignKey(MessagingService, on_delete=models.CASCADE, related_name="senders")
    address = models.OneToOneField(
        "conversations.Address", on_delete=models.CASCADE, related_name="pool", verbose_name=_("address")
    )

    class Meta:
        verbose_name = _("sender of a pool")
        verbose_name_plural = _("sender pool")

    def __str__(self) -> str:
        return str(self.address)


class StickySender(models.Model):
    """Who of the pool writes to this customer, as long as he is in it."""

    service = models.ForeignKey(MessagingService, on_delete=models.CASCADE, related_name="sticky_senders")
    identity = models.ForeignKey("conversations.Identity", on_delete=models.CASCADE, related_name="sticky_senders")
    address = models.ForeignKey("conversations.Address", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "identity"], name="sticky_once")]

    def __str__(self) -> str:
        return str(self.address)
