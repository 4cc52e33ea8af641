"""The verbs of privacy. Nothing else copies, erases, or says how long anything is kept."""

from privacy.actions.requests import (
    claim_request,
    expire_export,
    fail_request,
    finish_erasure,
    finish_export,
    keep_request,
    note_download,
    put_back,
    request_erasure,
    request_export,
)
from privacy.actions.retention import erase_outlived, save_retention, switch_retention

__all__ = [
    "claim_request",
    "erase_outlived",
    "expire_export",
    "fail_request",
    "finish_erasure",
    "finish_export",
    "keep_request",
    "note_download",
    "put_back",
    "request_erasure",
    "request_export",
    "save_retention",
    "switch_retention",
]
