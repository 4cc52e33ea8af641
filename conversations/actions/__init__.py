"""The verbs of conversations. Nothing else changes them."""

from conversations.actions.circuits import (
    claim_question,
    hold_account,
    note_answer,
    report_breakage,
    report_health,
)
from conversations.actions.claiming import Claim, claim
from conversations.actions.contacts import block, rename_contact, set_fields, unblock
from conversations.actions.delivery import (
    Accepted,
    expire,
    expire_claim,
    mark_failed,
    mark_sent,
    mark_unknown,
    put_back,
    resend,
)
from conversations.actions.erasing import erase_contact, erase_conversation
from conversations.actions.media import claim_media, fail_media, fetch_again, retry_media, store_media
from conversations.actions.membership import close, describe, join, leave, mark_read, set_owner
from conversations.actions.merging import merge, split, undo
from conversations.actions.receipts import Receipt, apply_receipt
from conversations.actions.reconciling import (
    claim_reconciliation,
    cover,
    fail_reconciliation,
    finish_reconciliation,
    look_back,
)
from conversations.actions.resolving import claim_look, conclude, fail_look
from conversations.actions.scheduling import (
    cancel_scheduled,
    change_scheduled,
    schedule,
    send_scheduled,
)
from conversations.actions.seen import mark_seen_by_visitor
from conversations.actions.services import start_by_service, start_from
from conversations.actions.speech import post, receive, receive_together, saying_of, start
from conversations.actions.template_reading import (
    claim_template_reading,
    fail_template_reading,
    plan_template_reading,
    read_templates_now,
    store_templates,
)
from conversations.actions.templates import post_template, saying_of_template
from conversations.actions.turns import grant_turns, hold_sender
from conversations.actions.uploads import (
    discard_upload,
    discard_uploads_of,
    expire_upload,
    upload,
    upload_as_visitor,
)

__all__ = [
    "Accepted",
    "Claim",
    "Receipt",
    "apply_receipt",
    "block",
    "cancel_scheduled",
    "change_scheduled",
    "claim",
    "claim_look",
    "claim_media",
    "claim_question",
    "claim_reconciliation",
    "claim_template_reading",
    "close",
    "conclude",
    "cover",
    "describe",
    "discard_upload",
    "discard_uploads_of",
    "erase_contact",
    "erase_conversation",
    "expire",
    "expire_claim",
    "expire_upload",
    "fail_look",
    "fail_media",
    "fail_reconciliation",
    "fail_template_reading",
    "fetch_again",
    "finish_reconciliation",
    "grant_turns",
    "hold_account",
    "hold_sender",
    "join",
    "leave",
    "look_back",
    "mark_failed",
    "mark_read",
    "mark_seen_by_visitor",
    "mark_sent",
    "mark_unknown",
    "merge",
    "note_answer",
    "plan_template_reading",
    "post",
    "post_template",
    "put_back",
    "read_templates_now",
    "receive",
    "receive_together",
    "rename_contact",
    "report_breakage",
    "report_health",
    "resend",
    "retry_media",
    "saying_of",
    "saying_of_template",
    "schedule",
    "send_scheduled",
    "set_fields",
    "set_owner",
    "split",
    "start",
    "start_by_service",
    "start_from",
    "store_media",
    "store_templates",
    "unblock",
    "undo",
    "upload",
    "upload_as_visitor",
]
