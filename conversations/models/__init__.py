"""What is kept of conversations. Django looks for models here."""

from conversations.models.carriage import Arrival, Circuit, Reconciliation, Turn, new_circuit_sid
from conversations.models.consent import Consent, new_consent_sid
from conversations.models.contacts import (
    Contact,
    ContactChange,
    ContactField,
    ContactValue,
    Identity,
    StickySender,
    new_contact_change_sid,
    new_contact_field_sid,
    new_contact_sid,
)
from conversations.models.files import Media, Upload, new_media_sid
from conversations.models.senders import Address, Channel, MessagingService, PoolSender, new_address_sid
from conversations.models.talks import (
    Conversation,
    Message,
    Participant,
    ScheduledMessage,
    new_conversation_sid,
    new_message_sid,
    new_participant_sid,
    new_scheduled_sid,
)
from conversations.models.templates import Template, TemplateReading

__all__ = [
    "Address",
    "Arrival",
    "Channel",
    "Circuit",
    "Consent",
    "Contact",
    "ContactChange",
    "ContactField",
    "ContactValue",
    "Conversation",
    "Identity",
    "Media",
    "Message",
    "MessagingService",
    "Participant",
    "PoolSender",
    "Reconciliation",
    "ScheduledMessage",
    "StickySender",
    "Template",
    "TemplateReading",
    "Turn",
    "Upload",
    "new_address_sid",
    "new_circuit_sid",
    "new_consent_sid",
    "new_contact_change_sid",
    "new_contact_field_sid",
    "new_contact_sid",
    "new_conversation_sid",
    "new_media_sid",
    "new_message_sid",
    "new_participant_sid",
    "new_scheduled_sid",
]
