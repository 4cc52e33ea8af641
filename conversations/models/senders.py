"""Where customers reach us: addresses, and the services that pool them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Workspace
from conversations.core import keywords, pacing
from kernel import clock, sids


def new_address_sid() -> str:
    return sids.new("AD")


class Channel(models.TextChoices):
    """How the words travel."""

    SMS = "sms", _("SMS")
    RCS = "rcs", _("RCS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    MESSENGER = "messenger", _("Messenger")
    WEBCHAT = "webchat", _("Web chat")


class Address(models.Model):
    """Where customers reach us: a number, an RCS agent, a WhatsApp sender, a Messenger page, a web chat.

    It is a sender as well: ``free_at`` is its bucket (`core.pacing`), and until ``held_until`` the provider wants
    nothing from it.
    """

    class OnUnknown(models.TextChoices):
        ASK = "ask", _("ask the agent")
        RESEND_ONCE = "resend_once", _("send it once more")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_address_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="addresses", verbose_name=_("workspace")
    )
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    address = models.CharField(_("address"), max_length=128, unique=True)
    friendly_name = models.CharField(_("name"), max_length=64)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    stop_words = models.CharField(_("words that stop"), max_length=200, blank=True, default=keywords.SPANISH_STOP)
    start_words = models.CharField(
        _("words that start again"), max_length=200, blank=True, default=keywords.SPANISH_START
    )
    help_words = models.CharField(
        _("words that ask for help"), max_length=200, blank=True, default=keywords.SPANISH_HELP
    )
    messages_per_second = models.FloatField(_("messages a second"), null=True, blank=True)
    on_unknown = models.CharField(
        _("when nobody knows whether a message was sent"),
        max_length=16,
        choices=OnUnknown.choices,
        default=OnUnknown.ASK,
    )
    free_at = models.DateTimeField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return f"{self.friendly_name} ({self.address})"

    @property
    def rate(self) -> float:
        """Messages a second: its own, or what the provider takes from its kind."""
        return self.messages_per_second or pacing.default_rate(self.channel, self.address)


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
