"""Accounts, the people who sign in, and the keys that programs use."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock, sids


def new_account_sid() -> str:
    return sids.new("AC")


def new_user_sid() -> str:
    return sids.new("US")


def new_key_sid() -> str:
    return sids.new("SK")


class Account(models.Model):
    """The tenant: everything belongs to one."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_account_sid, editable=False)
    friendly_name = models.CharField(_("name"), max_length=64)

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
    """A program's credential; only a digest of the secret is kept."""

    sid = models.CharField(max_length=sids.LENGTH, unique=True, default=new_key_sid, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("account"))
    friendly_name = models.CharField(_("name"), max_length=64)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.friendly_name} ({self.sid})"
