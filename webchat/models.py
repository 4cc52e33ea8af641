"""Visitors of web chats, and the sites that may show one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models import Address, Conversation
from kernel import clock, sids


def new_visitor_sid() -> str:
    return sids.new("VI")


class Deployment(models.Model):
    """On which sites a web chat may be embedded; an address without one follows the default."""

    address = models.OneToOneField(
        Address,
        verbose_name=_("address"),
        on_delete=models.CASCADE,
        related_name="deployment",
        limit_choices_to={"channel": "webchat"},
    )
    allowed_origins = models.JSONField(_("allowed sites"), default=list, blank=True)

    class Meta:
        verbose_name = _("web chat site list")
        verbose_name_plural = _("web chat site lists")

    def __str__(self) -> str:
        return str(self.address)


class Visitor(models.Model):
    """A browser that talks to us, known by a token of which only the digest is kept.

    ``identity`` is the visitor's address as conversations see it; ``conversation`` is the latest one.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_visitor_sid, editable=False)
    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.SET_NULL, null=True, related_name="+")
    identity = models.CharField(max_length=128, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    begun_from = models.CharField(max_length=32)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=clock.now)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        indexes = [models.Index(fields=["begun_from"], name="visitor_begun_from")]

    def __str__(self) -> str:
        return self.name or self.sid
