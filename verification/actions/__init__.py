"""The verbs of verification."""

from verification.actions.delivery import claim_sending, expire_sending, fail_sending, lose_sending, put_back, take
from verification.actions.services import ServiceForm, create_service, delete_service, update_service
from verification.actions.verifications import cancel, check, expire, forget_numbers, prune, start

__all__ = [
    "ServiceForm",
    "cancel",
    "check",
    "claim_sending",
    "create_service",
    "delete_service",
    "expire",
    "expire_sending",
    "fail_sending",
    "forget_numbers",
    "lose_sending",
    "prune",
    "put_back",
    "start",
    "take",
    "update_service",
]
