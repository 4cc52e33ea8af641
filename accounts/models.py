"""Accounts, the people who sign in, and the keys that programs use."""

from typing import ClassVar, Final

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import core
from accounts.vault import Vault
from kernel import clock, sids

AUTH_TOKENS: Final = Vault("accounts.account.auth_token")
KEY_SECRETS: Final = Vault("accounts.api_key.secret")
"""Of the secrets' digests: so those that stood without a key could be given one."""


def new_account_sid() -> str:
    return sids.new("AC")


def new_user_sid() -> str:
    return sids.new("US")


def new_key_sid() -> str:
    return sids.new("SK")


def new_auth_token() -> str:
    """Sealed."""
    return AUTH_TOKENS.seal(core.new_auth_token())


class Account(models.Model):
    """The tenant: everything belongs to one.

    ``auth_token`` is sealed: programs sign in with it, and webhooks to them are signed with it.
    """

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_account_sid, editable=False)
    friendly_name = models.CharField(_("name"), max_length=64)
    auth_token = models.TextField(default=new_auth_token, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.friendly_name


class Role(models.TextChoices):
    """What a person does here; `accounts.policy` says what each may."""

    AGENT = "agent", _("agent")
    SUPERVISOR = "supervisor", _("supervisor")
    ADMIN = "admin", _("administrator")


class User(AbstractUser):
    """A person who signs in."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_user_sid, editable=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("account")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.AGENT)
    locale = models.CharField(_("language"), max_length=8, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")  # type: ignore[assignment]  # the stub says str, Django takes a promise
        verbose_name_plural = _("users")  # type: ignore[assignment]


class ApiKey(models.Model):
    """A program's credential; only a keyed digest of the secret is kept."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_key_sid, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("account"))
    friendly_name = models.CharField(_("name"), max_length=64)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    worker_sid = models.CharField(
        _("worker"),
        max_length=sids.LENGTH,
        blank=True,
        editable=False,
        help_text=_("The key acts for this worker alone."),
    )
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(
        _("expires"),
        null=True,
        blank=True,
        help_text=_("From then on the key opens nothing; empty: it never expires."),
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.friendly_name} ({self.sid})"
