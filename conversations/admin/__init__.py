"""Conversations in the admin: senders, customers, what was said, and what waits. Django looks for pages here."""

from conversations.admin.contact_fields import ContactFieldAdmin
from conversations.admin.contacts import ContactPage
from conversations.admin.conversations import AddressAdmin, ConsentAdmin, ConversationAdmin
from conversations.admin.inbox import ArrivalAdmin
from conversations.admin.scheduled import ScheduledMessageAdmin
from conversations.admin.services import MessagingServiceAdmin
from conversations.admin.templates import TemplateAdmin

__all__ = [
    "AddressAdmin",
    "ArrivalAdmin",
    "ConsentAdmin",
    "ContactFieldAdmin",
    "ContactPage",
    "ConversationAdmin",
    "MessagingServiceAdmin",
    "ScheduledMessageAdmin",
    "TemplateAdmin",
]
