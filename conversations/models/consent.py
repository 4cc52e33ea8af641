"""What customers let us send."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from conversations.models.contacts import Identity
from conversations.models.senders import Address, Channel, MessagingService
from conversations.models.talks import Message
from kernel import clock, sids


def new_consent_sid() -> str:
    return sids.new("CN")


class Consent(models.Model):
    """A line of the ledger of what customers let us send, with its evidence. Lines are added and never changed.

    The newest line that counts for a customer and one of our addresses (`queries.consent`) tells how they stand;
    without any, we may write. ``service`` is the one in whose pool the address stood when it was said.
    """

    class What(models.TextChoices):
        WITHDRAWN = "withdrawn", pgettext_lazy("consent", "withdrawn")
        GIVEN = "given", pgettext_lazy("consent", "given")

    class Source(models.TextChoices):
        KEYWORD = "keyword", _("the customer's word")
        PROVIDER = "provider", _("the provider's refusal")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_consent_sid, editable=False)
    identity = models.ForeignKey(
        Identity, on_delete=models.CASCADE, related_name="consents", verbose_name=_("customer")
    )
    address = models.ForeignKey(
        Address, on_delete=models.PROTECT, related_name="consents", verbose_name=_("our address")
    )
    service = models.ForeignKey(
        MessagingService,
        on_delete=models.SET_NULL,
        null=True,
        related_name="consents",
        verbose_name=_("messaging service"),
    )
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    what = models.CharField(_("consent"), max_length=16, choices=What.choices)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    evidence = models.CharField(_("evidence"), max_length=64)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="consents", verbose_name=_("message")
    )
    # The text that told the customer so: the one message that goes out although it was stopped.
    confirmation = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, related_name="confirms")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("line of the consent ledger")
        verbose_name_plural = _("consent ledger")
        indexes = [models.Index(fields=["identity", "address", "id"], name="consent_standing")]

    def __str__(self) -> str:
        return self.sid

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only ever a new line."""
        if not self._state.adding:
            raise TypeError("A line of the ledger is never changed.")
        super().save(*args, **kwargs)

    @property
    def is_withdrawn(self) -> bool:
        """Whether nothing more may be sent."""
        return self.what == self.What.WITHDRAWN
