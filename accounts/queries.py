"""Reads: from a session or a token to the actor that acts, and how actors are called."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext

from accounts import core
from accounts.models import ApiKey, User
from kernel import clock
from kernel.actor import Actor
from kernel.errors import NotAuthenticated

_USED_RESOLUTION = timedelta(minutes=1)


def actor_for_user(user: User, *, worker_sid: str = "") -> Actor:
    """The actor that a signed-in person is. A superuser is an administrator whatever the role says."""
    role = "admin" if user.is_superuser else user.role
    account_sid = user.account.sid if user.account else ""
    name = user.get_full_name() or user.get_username()
    return Actor("user", sid=user.sid, name=name, role=role, account_sid=account_sid, worker_sid=worker_sid)


def actor_for_token(text: str) -> Actor:
    """The actor behind an API token.

    Raises ``NotAuthenticated`` with the same words for a malformed, unknown, wrong or revoked one.
    """
    parsed = core.parse_token(text)
    key = ApiKey.objects.select_related("account").filter(sid=parsed[0]).first() if parsed else None
    if parsed is None or key is None or not core.matches(parsed[1], key.secret_hash) or key.revoked_at:
        raise NotAuthenticated("The API key is missing, unknown or revoked.", code="bad-api-key")
    _note_use(key)
    return Actor(
        "key",
        sid=key.sid,
        name=key.friendly_name,
        account_sid=key.account.sid,
        scopes=frozenset(key.scopes),
    )


def _note_use(key: ApiKey) -> None:
    """Write the last use down, to the minute: a busy key must not turn every read into a write."""
    now = clock.now()
    if key.last_used_at is None or now - key.last_used_at > _USED_RESOLUTION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def people(sids: Iterable[str]) -> dict[str, str]:
    """How those are called who act under these sids; whoever is gone keeps his sid."""
    wanted = {sid for sid in sids if sid}
    users = {user.sid: user.get_full_name() or user.get_username() for user in User.objects.filter(sid__in=wanted)}
    keys = {key.sid: key.friendly_name for key in ApiKey.objects.filter(sid__in=wanted)}
    return {sid: sid for sid in wanted} | users | keys | {"": gettext("the product itself")}
