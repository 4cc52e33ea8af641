"""What allauth is told about our people: no sign-up, sealed secrets, our field's name."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from accounts.vault import Unreadable, Vault

FACTORS: Final = Vault("accounts.authenticator")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are made by administrators, and by nobody else."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """`accounts.throttling` counts wrong passwords, on every way in; allauth's limits are for second factors."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        return reverse("mfa_index")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keys of authenticator apps and recovery codes are sealed: whoever reads the database cannot make a code."""

    def encrypt(self, text: str) -> str:
        return FACTORS.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ``ValidationError``, which stands at the field that asks for a code."""
        try:
            return FACTORS.unseal(encrypted_text)
        except Unreadable as error:
            words = gettext("Your second factor cannot be read any more. An administrator can remove it.")
            raise ValidationError(words) from error

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - its name there
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's form, whose first field browsers and password managers know as ``username``."""

    def add_prefix(self, field_name: str) -> str:
        name: str = super().add_prefix("username" if field_name == "login" else field_name)
        return name
