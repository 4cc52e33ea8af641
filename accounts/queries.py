"""Reads: from a session or a token to the actor that acts, and how actors are called."""

import hmac
from collections.abc import Iterable
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.translation import gettext

from accounts import core, policy
from accounts.models import AUTH_TOKENS, KEY_SECRETS, Account, ApiKey, Role, User
from accounts.vault import Unreadable
from kernel import clock, sids
from kernel.actor import Actor
from kernel.errors import NotAuthenticated, NotFound

_USED_RESOLUTION = timedelta(minutes=1)


def actor_for_user(user: User, *, worker_sid: str = "") -> Actor:
    """The actor that a signed-in person is. A superuser is an administrator whatever the role says."""
    role = "admin" if user.is_superuser else user.role
    account_sid = user.account.sid if user.account else ""
    name = user.get_full_name() or user.get_username()
    return Actor("user", sid=user.sid, name=name, role=role, account_sid=account_sid, worker_sid=worker_sid)


def actor_for_token(text: str) -> Actor:
    """The actor behind an API token.

    Raises ``NotAuthenticated`` with the same words for a malformed, unknown, wrong, expired or revoked one.
    """
    parsed = core.parse_token(text)
    actor = _key_actor(*parsed) if parsed else None
    if actor is None:
        raise NotAuthenticated("The API key is missing, unknown or revoked.", code="bad-api-key")
    return actor


def actor_for_basic(name: str, secret: str) -> Actor:
    """The actor behind HTTP Basic: an account's sid and its auth token, or an API key's sid and its secret.

    The account's own token may all that a key can. Raises ``NotAuthenticated``, always with the same words.
    """
    actor = _account_actor(name, secret) if sids.is_sid(name, "AC") else None
    if sids.is_sid(name, "SK"):
        actor = _key_actor(name, secret)
    if actor is None:
        raise NotAuthenticated("Authenticate with an account's sid and auth token, or an API key's sid and secret.")
    return actor


def lacks_factor(user: User) -> bool:
    """Whether this person's role needs a second factor (``SECOND_FACTOR_ROLES``) and there is none."""
    if actor_for_user(user).role not in settings.SECOND_FACTOR_ROLES:
        return False
    return not is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


def sessions(user: User) -> list[UserSession]:
    """Where this person is signed in now, the newest first. What has ended is forgotten on the way."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda session: session.created_at, reverse=True)


def account(sid: str) -> Account:
    """Raises NotFound."""
    row = Account.objects.filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no account %(sid)s.", params={"sid": sid})
    return row


def auth_token(account: Account) -> str:
    """The token in the clear, to be shown or to sign with; raises ``Unreadable``."""
    return AUTH_TOKENS.unseal(account.auth_token)


def _account_actor(sid: str, token: str) -> Actor | None:
    row = Account.objects.filter(sid=sid).first()
    try:
        known = row is not None and hmac.compare_digest(auth_token(row).encode(), token.encode())
    except Unreadable:
        return None
    if row is None or not known:
        return None
    return Actor("key", sid=sid, name=row.friendly_name, account_sid=sid, scopes=frozenset(policy.SCOPES))


def _key_actor(sid: str, secret: str) -> Actor | None:
    key = ApiKey.objects.select_related("account").filter(sid=sid).first()
    if key is None or not KEY_SECRETS.matches(core.digest(secret), key.secret_hash) or not _opens(key):
        return None
    _note_use(key)
    return Actor(
        "key",
        sid=key.sid,
        name=key.friendly_name,
        role=Role.AGENT.value if key.worker_sid else "",
        account_sid=key.account.sid,
        worker_sid=key.worker_sid,
        scopes=frozenset(key.scopes),
    )


def _opens(key: ApiKey) -> bool:
    return key.revoked_at is None and (key.expires_at is None or clock.now() < key.expires_at)


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
