"""The verbs of people and keys."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from accounts import core, policy
from accounts.models import AUTH_TOKENS, KEY_SECRETS, Account, ApiKey, Role, User
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid


def renew_auth_token(account: Account, *, actor: Actor) -> str:
    """The account's new auth token; whoever has the old one is refused from now on."""
    policy.require(actor, "keys:write", account_sid=account.sid)
    token = core.new_auth_token()
    account.auth_token = AUTH_TOKENS.seal(token)
    account.save(update_fields=["auth_token"])
    return token


def create_api_key(
    *,
    account: Account,
    friendly_name: str,
    scopes: Iterable[str],
    actor: Actor,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its token. The token is shown this once; nobody can read it again."""
    policy.require(actor, "keys:write", account_sid=account.sid)
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in policy.SCOPES]
    if unknown or not wanted:
        raise Invalid("Choose one or more of: %(scopes)s.", field="scopes", params={"scopes": ", ".join(policy.SCOPES)})
    return _make_key(account, friendly_name, actor=actor, expires_at=expires_at, scopes=wanted)


def create_worker_key(
    *, account: Account, worker_sid: str, friendly_name: str, actor: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A worker's own key and its token: it reads and does what is that worker's, and nothing else.

    The caller vouches that the worker is one of the account's.
    """
    policy.require(actor, "keys:write", account_sid=account.sid)
    more = {"scopes": [policy.WORKER_SCOPE], "worker_sid": worker_sid}
    return _make_key(account, friendly_name, actor=actor, expires_at=expires_at, **more)


def _make_key(
    account: Account, friendly_name: str, *, actor: Actor, expires_at: datetime | None, **fields: Any
) -> tuple[ApiKey, str]:
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("A key expires in the future, or not at all.", field="expires_at")
    secret = core.new_secret()
    key = ApiKey.objects.create(
        account=account,
        friendly_name=friendly_name,
        secret_hash=KEY_SECRETS.digest(core.digest(secret)),
        expires_at=expires_at,
        created_by=User.objects.filter(sid=actor.sid).first(),
        **fields,
    )
    return key, core.token(key.sid, secret)


def revoke_api_key(key: ApiKey, *, actor: Actor) -> None:
    """The key opens nothing from now on. Revoking twice keeps the first date."""
    policy.require(actor, "keys:write", account_sid=key.account.sid)
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
    key.refresh_from_db(fields=["revoked_at"])


def create_user(*, account: Account, username: str, password: str, role: str, actor: Actor, name: str = "") -> User:
    """A person who can sign in; supervisors and administrators also enter the admin.

    Raises ``Invalid`` for a weak password and ``Conflict`` when the name is taken.
    """
    policy.require(actor, "users:write", account_sid=account.sid)
    first, _, last = name.partition(" ")
    user = User(account=account, username=username, first_name=first, last_name=last)
    _give_role(user, role)
    _give_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("The user name %(name)s is taken.", field="username", params={"name": username}) from error
    return user


def update_user(user: User, *, name: str, role: str, locale: str, is_active: bool, actor: Actor) -> User:
    """What the person is called, does and may; a person who is not active cannot sign in.

    Raises ``Invalid`` when administrators would lock themselves out.
    """
    policy.require(actor, "users:write", account_sid=user.account.sid if user.account else None)
    if user.sid == actor.sid and role != actor.role:
        raise Invalid("Somebody else must change your role.", field="role")
    if user.sid == actor.sid and not is_active:
        raise Invalid("Somebody else must close your account.", field="is_active")
    user.first_name, _, user.last_name = name.partition(" ")
    user.locale = locale
    user.is_active = is_active
    _give_role(user, role)
    user.save(update_fields=["first_name", "last_name", "locale", "is_active", "role", "is_staff", "is_superuser"])
    _tell(user)
    return user


def set_password(user: User, *, password: str, actor: Actor) -> None:
    """A new password; every session of this person ends. Raises ``Invalid`` for a weak one."""
    policy.require(actor, "users:write", account_sid=user.account.sid if user.account else None)
    _give_password(user, password)
    user.save(update_fields=["password"])
    _tell(user)


def end_session(session: UserSession, *, actor: Actor) -> None:
    """That browser is signed out, and its sockets close. Everybody may end his own; an administrator, anybody's."""
    _require_self_or_users(session.user, actor)
    session.end()
    _tell(session.user)


def end_sessions(user: User, *, actor: Actor, but: str = "") -> int:
    """This person is signed out everywhere, except from the session with the key ``but``. Returns from how many."""
    _require_self_or_users(user, actor)
    ended = UserSession.objects.filter(user=user).exclude(session_key=but)
    for session in ended:
        session.end()
    _tell(user)
    return len(ended)


def remove_factors(user: User, *, actor: Actor) -> None:
    """No second factor is left: authenticator app, passkeys and recovery codes are gone, and the password alone counts.

    For whoever has lost them. The person is signed out everywhere.
    """
    policy.require(actor, "users:write", account_sid=user.account.sid if user.account else None)
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user, actor=actor)


def _require_self_or_users(user: User, actor: Actor) -> None:
    if actor.kind != "user" or actor.sid != user.sid:
        policy.require(actor, "users:write", account_sid=user.account.sid if user.account else None)


def _tell(user: User) -> None:
    """Wake whoever holds something open for this person; without it they ask again in some seconds anyway."""

    def tell() -> None:
        for listener in settings.ACCESS_LISTENERS:
            import_string(listener)(user.sid)

    transaction.on_commit(tell)


def _give_role(user: User, role: str) -> None:
    if role not in Role.values:
        raise Invalid("There is no role %(role)s.", field="role", params={"role": role})
    user.role = role
    user.is_staff = role in (Role.SUPERVISOR, Role.ADMIN)
    user.is_superuser = role == Role.ADMIN


def _give_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    user.set_password(password)
