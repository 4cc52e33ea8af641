"""The verbs of people and keys."""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import core, policy
from accounts.models import Account, ApiKey, User
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid


def create_api_key(*, account: Account, friendly_name: str, scopes: Iterable[str], actor: Actor) -> tuple[ApiKey, str]:
    """A new key and its token. The token is shown this once; nobody can read it again."""
    policy.require(actor, "keys:write", account_sid=account.sid)
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in policy.SCOPES]
    if unknown or not wanted:
        raise Invalid("Choose one or more of: %(scopes)s.", field="scopes", params={"scopes": ", ".join(policy.SCOPES)})
    secret = core.new_secret()
    key = ApiKey.objects.create(
        account=account,
        friendly_name=friendly_name,
        scopes=wanted,
        secret_hash=core.digest(secret),
        created_by=User.objects.filter(sid=actor.sid).first(),
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
    user = User(account=account, username=username, role=role, first_name=first, last_name=last)
    user.is_staff = role in ("supervisor", "admin")
    user.is_superuser = role == "admin"
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("The user name %(name)s is taken.", field="username", params={"name": username}) from error
    return user
