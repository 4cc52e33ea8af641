"""The verbs of conversations. Nothing else changes them."""

from conversations.actions.delivery import (
    apply_receipt,
    claim_next,
    expire_claim,
    mark_failed,
    mark_sent,
    mark_unknown,
    put_back,
    resend,
)
from conversations.actions.media import claim_media, fail_media, fetch_again, retry_media, store_media
from conversations.actions.membership import close, describe, join, leave, mark_read, set_owner
from conversations.actions.reconciling import (
    claim_reconciliation,
    cover,
    fail_reconciliation,
    finish_reconciliation,
    look_back,
)
from conversations.actions.seen import mark_seen_by_visitor
from conversations.actions.speech import post, receive, receive_together, start
from conversations.actions.uploads import discard_upload, expire_upload, upload

__all__ = [
    "apply_receipt",
    "claim_media",
    "claim_next",
    "claim_reconciliation",
    "close",
    "cover",
    "describe",
    "discard_upload",
    "expire_claim",
    "expire_upload",
    "fail_media",
    "fail_reconciliation",
    "fetch_again",
    "finish_reconciliation",
    "join",
    "leave",
    "look_back",
    "mark_failed",
    "mark_read",
    "mark_seen_by_visitor",
    "mark_sent",
    "mark_unknown",
    "post",
    "put_back",
    "receive",
    "receive_together",
    "resend",
    "retry_media",
    "set_owner",
    "start",
    "store_media",
    "upload",
]
