"""Visitors of web chats, and the sites that may show one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models import Address, Conversation
from hours.models import Calendar
from kernel import clock, sids

MAX_TEXT = 300


def new_visitor_sid() -> str:
    return sids.new("VI")


class Deployment(models.Model):
    """Where a web chat may be embedded, what it says and asks first, and when somebody is there.

    An address without one follows the defaults. ``fields`` are of the shape of `webchat.prechat`; texts that are empty
    are ours.
    """

    address = models.OneToOneField(
        Address,
        verbose_name=_("address"),
        on_delete=models.CASCADE,
        related_name="deployment",
        limit_choices_to={"channel": "webchat"},
    )
    allowed_origins = models.JSONField(_("allowed sites"), default=list, blank=True)
    calendar = models.ForeignKey(
        Calendar,
        verbose_name=_("business hours"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deployments",
    )
    greeting_en = models.CharField(_("greeting in English"), max_length=MAX_TEXT, blank=True)
    greeting_es = models.CharField(_("greeting in Spanish"), max_length=MAX_TEXT, blank=True)
    closed_en = models.CharField(_("closed, in English"), max_length=MAX_TEXT, blank=True)
    closed_es = models.CharField(_("closed, in Spanish"), max_length=MAX_TEXT, blank=True)
    fields = models.JSONField(_("asked first"), default=list, blank=True)

    class Meta:
        verbose_name = _("web chat deployment")
        verbose_name_plural = _("web chat deployments")

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
    answers = models.JSONField(default=dict)
    begun_from = models.CharField(max_length=32)
    # How many files came since then; counted anew each hour.
    files_since = models.DateTimeField(null=True)
    files = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=clock.now)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        indexes = [models.Index(fields=["begun_from"], name="visitor_begun_from")]

    def __str__(self) -> str:
        return self.name or self.sid
