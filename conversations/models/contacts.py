"""Customers: one person, however many addresses."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Workspace
from conversations.models.senders import Channel, MessagingService
from kernel import clock, sids


def new_contact_sid() -> str:
    return sids.new("CT")


def new_contact_field_sid() -> str:
    return sids.new("CF")


def new_contact_change_sid() -> str:
    return sids.new("CG")


class Contact(models.Model):
    """A customer: one person, however many addresses.

    One that was merged into another has no identity and is shown nowhere; what it said keeps its sid. Of one that is
    blocked we keep what comes, and that is all: nobody is asked to answer, and nothing is sent.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_contact_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(_("name"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged")
    blocked_at = models.DateTimeField(_("blocked"), null=True, editable=False)
    blocked_reason = models.CharField(_("reason"), max_length=200, blank=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name or self.sid


class ContactField(models.Model):
    """What a workspace wants to know of its customers, besides name and addresses."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_contact_field_sid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="contact_fields", verbose_name=_("workspace")
    )
    key = models.CharField(_("key"), max_length=32)
    label = models.CharField(_("label in English"), max_length=64)
    label_es = models.CharField(_("label in Spanish"), max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    required = models.BooleanField(_("required"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("contact field")
        verbose_name_plural = _("contact fields")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="contact_field_key")]

    def __str__(self) -> str:
        return self.label


class ContactValue(models.Model):
    """What is known of one customer: the text as `conversations.core.fields` writes it."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="values")
    field = models.ForeignKey(ContactField, on_delete=models.CASCADE, related_name="values")
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "field"], name="contact_value")]

    def __str__(self) -> str:
        return self.text


class ContactChange(models.Model):
    """Two contacts made one, or an identity taken out of one, as far as it takes to undo it.

    ``kept`` had or got the identities ``identity_ids``; they came from ``other`` (merge) or went to it (split).
    ``before`` is the name of ``kept`` and the fields that it was given.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", _("merged")
        SPLIT = "split", _("split")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_contact_change_sid, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="changes")
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    identity_ids = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("created"), default=clock.now)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.sid


class Identity(models.Model):
    """One of a contact's addresses."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    address = models.CharField(_("address"), max_length=128)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [models.UniqueConstraint(fields=["workspace", "address"], name="identity_address")]

    def __str__(self) -> str:
        return self.address


class StickySender(models.Model):
    """Who of the pool writes to this customer, as long as he is in it."""

    service = models.ForeignKey(MessagingService, on_delete=models.CASCADE, related_name="sticky_senders")
    identity = models.ForeignKey("conversations.Identity", on_delete=models.CASCADE, related_name="sticky_senders")
    address = models.ForeignKey("conversations.Address", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "identity"], name="sticky_once")]

    def __str__(self) -> str:
        return str(self.address)
