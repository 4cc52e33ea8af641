"""Addresses, contacts, conversations, participants, messages, media."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

import conversations.scheduled_models
import conversations.service_models
import conversations.template_models  # noqa: F401 - Django looks for models here
from agents.models import Worker, Workspace
from conversations.core import keywords, pacing, states
from kernel import clock, sids


def new_address_sid() -> str:
    return sids.new("AD")


def new_contact_sid() -> str:
    return sids.new("CT")


def new_conversation_sid() -> str:
    return sids.new("CH")


def new_participant_sid() -> str:
    return sids.new("MB")


def new_message_sid() -> str:
    return sids.new("IM")


def new_media_sid() -> str:
    return sids.new("ME")


def new_consent_sid() -> str:
    return sids.new("CN")


def new_contact_field_sid() -> str:
    return sids.new("CF")


def new_contact_change_sid() -> str:
    return sids.new("CG")


def new_circuit_sid() -> str:
    return sids.new("CB")


class Channel(models.TextChoices):
    """How the words travel."""

    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    MESSENGER = "messenger", _("Messenger")
    WEBCHAT = "webchat", _("Web chat")


class Address(models.Model):
    """Where customers reach us: a number, a WhatsApp sender, a Messenger page, a web chat.

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


class Conversation(models.Model):
    """What one customer and we say to one another over one pair of addresses, until it is closed.

    ``owner`` tells who answers; ``owner_fence`` rises with each change of owner, so that a bot that has lost the
    conversation cannot go on speaking in it.
    """

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("conversation", "active")
        CLOSED = "closed", pgettext_lazy("conversation", "closed")

    class Owner(models.TextChoices):
        BOT = "bot", _("bot")
        QUEUE = "queue", _("queue")
        AGENT = "agent", _("agent")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_conversation_sid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="conversations")
    address = models.ForeignKey(
        Address, on_delete=models.PROTECT, related_name="conversations", verbose_name=_("address")
    )
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="conversations")
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    owner = models.CharField(_("owner"), max_length=16, choices=Owner.choices, default=Owner.QUEUE)
    owner_fence = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    last_index = models.PositiveIntegerField(default=0)
    last_inbound_index = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    # Since then its words and files are gone.
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["address", "identity"], condition=Q(state="active"), name="one_open_conversation"
            ),
            models.CheckConstraint(
                condition=Q(state="active", closed_at__isnull=True) | Q(state="closed", closed_at__isnull=False),
                name="conversation_closed_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "closed_at"],
                condition=Q(state="closed", erased_at__isnull=True),
                name="conversation_kept",
            ),
        ]

    def __str__(self) -> str:
        return self.sid


class Participant(models.Model):
    """An agent who takes part, and how far that agent has read."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_participant_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="participants")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="participations")
    read_index = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "worker"], condition=Q(left_at__isnull=True), name="takes_part_once"
            )
        ]
        indexes = [models.Index(fields=["worker"], condition=Q(left_at__isnull=True), name="participant_present")]


class Message(models.Model):
    """One utterance, in or out. ``index`` counts from 1 without gaps within the conversation."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("inbound")
        OUTBOUND = "outbound", _("outbound")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_message_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    index = models.PositiveIntegerField()
    ref = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULLs do not collide in the constraint
    direction = models.CharField(max_length=8, choices=Direction.choices)
    author_kind = models.CharField(max_length=16)
    author_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    author_name = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    # Of a template: its sid, and {"name", "variables", "buttons", "footer", "media"} as the customer gets it.
    content_sid = models.CharField(max_length=sids.LENGTH, blank=True)
    content = models.JSONField(default=dict)
    status = models.CharField(max_length=16)
    error_code = models.CharField(max_length=16, blank=True)
    error_message = models.CharField(max_length=200, blank=True)
    provider = models.CharField(max_length=16, blank=True)
    provider_sid = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULLs do not collide in the constraint
    provider_params = models.JSONField(default=dict)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    # Of the last attempt: when it began, and how often the provider's list was searched for it.
    tried_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    # How often we have sent it again on our own, not knowing whether it was sent.
    resends = models.PositiveSmallIntegerField(default=0)
    valid_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "index"], name="message_index"),
            models.UniqueConstraint(fields=["conversation", "ref"], name="message_ref"),
            models.UniqueConstraint(fields=["provider", "provider_sid"], name="message_provider_sid"),
            models.CheckConstraint(
                condition=Q(direction="inbound", status="received")
                | Q(direction="outbound", status__in=sorted(states.RANK)),
                name="message_status",
            ),
        ]
        indexes = [
            # `due_at` is set exactly while something is still to be done: queued, in flight, or outcome unknown.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_due"),
            models.Index(fields=["conversation"], condition=Q(status__in=states.OPEN), name="message_open"),
            models.Index(
                fields=["valid_until"],
                condition=Q(status="queued", valid_until__isnull=False),
                name="message_valid_until",
            ),
        ]


class Turn(models.Model):
    """A message at the head of its conversation's line that waits for its sender, or whose turn it is.

    People's messages have a lower ``rank`` and so go before those of machines; within a rank the first to come goes
    first. ``granted_at``: the sender's bucket has been charged for it.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="turn")
    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="turns")
    rank = models.PositiveSmallIntegerField()
    granted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["address", "rank", "id"], condition=Q(granted_at__isnull=True), name="turn_not_granted"
            )
        ]


class Circuit(models.Model):
    """The circuit breaker of a provider's account (`core.breaker`), and until when that account wants us to wait.

    ``since``: when messages began to wait; ``code``: the error that opened it last.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_circuit_sid, editable=False)
    account_sid = models.CharField(max_length=sids.LENGTH, unique=True)
    state = models.CharField(max_length=16, default=states.CIRCUIT.initial)
    failures = models.PositiveIntegerField(default=0)
    openings = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    code = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(states.CIRCUIT.states)), name="circuit_state"),
        ]

    def __str__(self) -> str:
        return self.account_sid


class Media(models.Model):
    """A file of a message; a customer's is fetched by a worker. Served only to those who see the conversation."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        STORED = "stored", _("stored")
        FAILED = "failed", _("failed")
        ERASED = "erased", _("erased")

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_media_sid, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="media")
    # Where the provider keeps a customer's file; empty for one of ours.
    source_url = models.CharField(max_length=1000, blank=True)
    name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    file = models.FileField(upload_to="media/%Y/%m/", blank=True)
    # Of a picture that could be decoded: a small one, and the size of the whole.
    thumbnail = models.FileField(upload_to="thumbnails/%Y/%m/", blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    # Why it could not be fetched: the carrier's code.
    failure = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="media_due")]


class Upload(models.Model):
    """A file that an agent has brought for a conversation and not sent yet; it becomes the `Media` of the same sid.

    What is never sent is swept away at ``due_at``.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_media_sid, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="uploads")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to="media/%Y/%m/")
    thumbnail = models.FileField(upload_to="thumbnails/%Y/%m/", blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="upload_due")]

    def __str__(self) -> str:
        return self.sid


class Arrival(models.Model):
    """A webhook of the carrier as it came, until what it says stands where it belongs: then the row goes.

    ``due_at`` is set while that is still to be done; without it the arrival is set aside, and ``reason`` says why.
    Arrivals of one ``line`` are brought in one after the other, in the order in which they came.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", pgettext_lazy("arrival", "message")
        RECEIPT = "receipt", pgettext_lazy("arrival", "receipt")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    key = models.CharField(_("key"), max_length=128, unique=True)
    line = models.CharField(max_length=200)
    ours = models.CharField(_("our address"), max_length=128, blank=True)
    path = models.CharField(_("path"), max_length=200)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    reason = models.CharField(_("reason"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("webhook received")
        verbose_name_plural = _("inbox")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, reason="") | (Q(due_at__isnull=True) & ~Q(reason="")),
                name="arrival_set_aside",
            )
        ]
        indexes = [
            models.Index(fields=["line", "id"], condition=Q(due_at__isnull=False), name="arrival_line"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="arrival_due"),
        ]

    def __str__(self) -> str:
        return self.key


class Reconciliation(models.Model):
    """How far the provider's list of an account has been compared with what we have, and what the last look found.

    ``covered_until``: everything that reached the provider before has been looked at. ``seen`` and ``brought`` are of
    the last look that came to its end.
    """

    account_sid = models.CharField(max_length=sids.LENGTH, unique=True)
    covered_until = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    ran_at = models.DateTimeField(null=True)
    seen = models.PositiveIntegerField(default=0)
    brought = models.PositiveIntegerField(default=0)
    brought_in_all = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=32, blank=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.account_sid


class Consent(models.Model):
    """A line of the ledger of what customers let us send, with its evidence. Lines are added and never changed.

    The newest line of a customer and one of our addresses tells how they stand; without any, we may write.
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
