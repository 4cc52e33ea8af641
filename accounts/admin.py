"""People, API keys and the account in the admin."""

from typing import TYPE_CHECKING, Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts import actions, policy, queries
from accounts.admin_base import (
    DANGER,
    CheckboxesWidget,
    Label,
    ModelAdmin,
    ModelForm,
    MomentWidget,
    Part,
    PasswordWidget,
    Question,
    SelectWidget,
    TextInputWidget,
    action,
    actor,
    display,
    key_parts,
    visible_account,
)
from accounts.core import browser_name
from accounts.models import Account, ApiKey, Role, User
from accounts.vault import Unreadable
from kernel import clock
from kernel.errors import Conflict

if TYPE_CHECKING:
    _PasswordMixin = SetPasswordMixin[User]
else:
    _PasswordMixin = SetPasswordMixin

admin.site.unregister(Group)  # Roles say who may do what.
for model in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)  # allauth's own pages write past our actions and show keys.

SCOPES = {
    "handoffs:write": _("hand conversations over to agents"),
    "conversations:read": _("read conversations"),
    "conversations:write": _("write in conversations"),
    "routing:read": _("ask why a task waits or an agent gets nothing"),
    "taskrouter:read": _("read workspaces, queues, workers and tasks by TaskRouter's API"),
    "taskrouter:write": _("change workspaces, queues, workers and tasks by TaskRouter's API"),
    "verify:write": _("send and check one-time codes"),
    policy.WORKER_SCOPE: _("act for one worker alone by TaskRouter's API"),
}


class OfAccount(ModelAdmin):
    """Pages of what belongs to the account itself; a person without an account says whose a new row is."""

    account_lookup = "account"

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if obj is None and getattr(request.user, "account", None) is None else ["account"]

    def account(self, request: HttpRequest, form: Any) -> Account:
        """Whose a new row is."""
        return cast(Account, form.cleaned_data.get("account") or getattr(request.user, "account", None))


@admin.register(Account)
class AccountAdmin(ModelAdmin):
    """The account, to look at, and its auth token."""

    sees = "users:write"
    list_display = ["friendly_name", "sid"]
    readonly_fields = ["sid"]
    search_fields = ["friendly_name", "sid"]
    actions_detail = ["show_token", "renew_token"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return visible_account(request, Account.objects.all(), "users__account").distinct()

    def has_token_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        own = self.get_queryset(request).filter(pk=object_id).first()
        return own is not None and policy.may(actor(request, own), "keys:write", account_sid=own.sid)

    @action(description=_("Auth token"), icon="key", permissions=["token"], url_path="token")
    def show_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Show the auth token?"),
            _("Whoever has it may do everything with this account that programs can."),
            _("Show"),
            danger=False,
        )

        def perform(row: Account, _given: dict[str, Any]) -> HttpResponse:
            try:
                return self._token_page(request, row, queries.auth_token(row))
            except Unreadable as error:
                raise Conflict("The auth token cannot be read with the present SECRET_KEY. Make a new one.") from error

        return self.ask(request, object_id, question, perform)

    @action(description=_("New auth token"), icon="autorenew", permissions=["token"], url_path="renew", variant=DANGER)
    def renew_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Make a new auth token?"),
            _("Every program that uses the present one is refused from now on."),
            _("New auth token"),
        )

        def perform(row: Account, _given: dict[str, Any]) -> HttpResponse:
            return self._token_page(request, row, actions.renew_auth_token(row, actor=actor(request, row)))

        return self.ask(request, object_id, question, perform)

    def _token_page(self, request: HttpRequest, row: Account, token: str) -> HttpResponse:
        parts = [Part(_("Account's sid"), row.sid), Part(_("Auth token"), token)]
        hint = _("Programs send the two by HTTP Basic; Twilio's SDKs take them in this order.")
        return self.show_once(request, row, title=_("Auth token"), parts=parts, hint=hint, again=True)


# --- people ---


class PasswordForm(_PasswordMixin, forms.Form):
    """A new password, twice."""

    password, password_again = SetPasswordMixin.create_password_fields(label1=_("Password"), label2=_("Password again"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password", "password_again"):
            self.fields[name].widget = PasswordWidget(attrs={"autocomplete": "new-password"})

    def clean(self) -> Any:
        self.validate_passwords("password", "password_again")
        return super().clean()


class UserForm(ModelForm):
    """What a person is called and may."""

    name = forms.CharField(label=_("Full name"), max_length=150, required=False, widget=TextInputWidget)
    locale = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("as the browser says")), *settings.LANGUAGES],
        widget=SelectWidget,
    )

    class Meta:
        model = User
        fields = ["username", "role", "is_active", "locale", "account"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = self.instance.get_full_name()


class NewUserForm(PasswordForm, UserForm):
    """A new person, with a first password."""


@admin.register(User)
class UserAdmin(OfAccount):
    """Everybody who signs in. Nobody is deleted: what a person did keeps the name."""

    sees = writes = "users:write"
    form = UserForm
    list_display = ["username", "full_name", "role_label", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["username", "first_name", "last_name", "sid"]
    ordering = ["username"]
    readonly_fields = ["sid", "last_login", "date_joined"]
    actions_detail = ["new_password", "sign_out", "remove_factors"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = self.get_exclude(request, obj)
        who = [name for name in ("account", "username", "name", "role", "locale") if name not in hidden]
        if obj is None:
            return [(None, {"fields": [*who, "password", "password_again"]})]
        return [(None, {"fields": [*who, "is_active"]}), (_("Record"), {"fields": self.readonly_fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.readonly_fields, *(["username"] if obj else [])]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = UserForm if obj else NewUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def store(self, request: HttpRequest, row: User | None, form: Any) -> User:
        given = form.cleaned_data
        if row is None:
            account = self.account(request, form)
            made = actions.create_user(
                account=account,
                username=given["username"],
                password=given["password"],
                role=given["role"],
                name=given["name"],
                actor=actor(request, account),
            )
            if not given["locale"]:
                return made
            row = made
        return actions.update_user(
            row,
            name=given["name"],
            role=given["role"],
            locale=given["locale"],
            is_active=given.get("is_active", True),
            actor=actor(request, row.account),
        )

    @display(description=_("Name"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(
        description=_("role"),
        ordering="role",
        label={str(Role.ADMIN): "danger", str(Role.SUPERVISOR): "warning", str(Role.AGENT): "info"},
    )
    def role_label(self, user: User) -> Label:
        return Label(user.role, user.get_role_display())

    def has_new_password_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_write(request)

    @action(description=_("Set password"), icon="password", permissions=["new_password"], url_path="password")
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Set password"),
            _("The person is signed out everywhere and signs in with the new password."),
            _("Set password"),
            form=PasswordForm,
            danger=False,
        )

        def perform(user: User, given: dict[str, Any]) -> str:
            actions.set_password(user, password=given["password"], actor=actor(request, user.account))
            return gettext("The password of %(user)s has been set.") % {"user": user}

        return self.ask(request, object_id, question, perform)

    @action(description=_("Sign out everywhere"), icon="logout", permissions=["new_password"], url_path="sign-out")
    def sign_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Sign out everywhere?"),
            _("All sessions of this person end, and open screens close at once."),
            _("Sign out everywhere"),
        )

        def perform(user: User, _given: dict[str, Any]) -> str:
            actions.end_sessions(user, actor=actor(request, user.account))
            return gettext("%(user)s is signed out everywhere.") % {"user": user}

        return self.ask(request, object_id, question, perform)

    def has_remove_factors_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, authenticator__isnull=False)

    @action(
        description=_("Remove second factors"),
        icon="phonelink_erase",
        permissions=["remove_factors"],
        url_path="factors",
        variant=DANGER,
    )
    def remove_factors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Remove second factors?"),
            _("For whoever has lost phone and keys: the password alone signs in then. The person is signed out."),
            _("Remove"),
        )

        def perform(user: User, _given: dict[str, Any]) -> str:
            actions.remove_factors(user, actor=actor(request, user.account))
            return gettext("%(user)s has no second factor now.") % {"user": user}

        return self.ask(request, object_id, question, perform)


@admin.register(UserSession)
class SessionAdmin(ModelAdmin):
    """Who is signed in where; each can be ended."""

    sees = writes = "users:write"
    can_add = can_change = False
    account_lookup = "user__account"
    list_display = ["user", "browser", "client", "since"]
    search_fields = ["user__username", "ip"]
    ordering = ["-created_at", "-pk"]
    list_select_related = ["user"]
    fields = ["user", "browser", "client", "since"]
    readonly_fields = ["user", "browser", "client", "since"]
    actions_detail = ["end"]

    def get_queryset(self, request: HttpRequest) -> Any:
        alive = Session.objects.filter(expire_date__gt=clock.now()).values("session_key")
        return super().get_queryset(request).filter(session_key__in=alive)

    @display(description=_("Browser"))
    def browser(self, session: UserSession) -> str:
        return browser_name(session.user_agent) or session.user_agent

    @display(description=_("IP address"), ordering="ip")
    def client(self, session: UserSession) -> str:
        return str(session.ip)

    @display(description=_("Since"), ordering="created_at")
    def since(self, session: UserSession) -> Any:
        return session.created_at

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_write(request)

    @action(description=_("End"), icon="logout", permissions=["end"], url_path="end", variant=DANGER)
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("End this session?"), _("That browser is signed out, and its open screens close at once."), _("End")
        )

        def perform(session: UserSession, _given: dict[str, Any]) -> HttpResponse:
            actions.end_session(session, actor=actor(request, session.user.account))
            messages.success(request, gettext("%(user)s is signed out there.") % {"user": session.user})
            return redirect("admin:usersessions_usersession_changelist")

        return self.ask(request, object_id, question, perform)


# --- keys ---


class ApiKeyForm(ModelForm):
    """A key's name and what it opens."""

    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope, SCOPES.get(scope, scope)) for scope in policy.SCOPES],
        initial=["handoffs:write"],
        widget=CheckboxesWidget,
    )

    class Meta:
        model = ApiKey
        fields = ["account", "friendly_name", "scopes", "expires_at"]
        field_classes = {"expires_at": forms.DateTimeField}
        widgets = {"expires_at": MomentWidget}


@admin.register(ApiKey)
class ApiKeyAdmin(OfAccount):
    """Keys are made and revoked; they never change, and their secret is shown once."""

    sees = writes = "keys:write"
    can_change = False
    form = ApiKeyForm
    list_display = ["friendly_name", "state", "scope_list", "last_used_at", "created_at", "created_by"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["friendly_name", "sid"]
    ordering = ["-created_at"]
    actions_detail = ["revoke"]
    readonly_fields = [
        "sid",
        "state",
        "scope_list",
        "worker_sid",
        "created_by",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            asked = ("account", "friendly_name", "scopes", "expires_at")
            shown = [name for name in asked if name not in self.get_exclude(request)]
            return [(None, {"fields": shown})]
        bound = [] if obj.worker_sid else ["worker_sid"]
        told = [name for name in self.readonly_fields if name not in bound]
        return [(None, {"fields": ["friendly_name", *told]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else []

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """There is one way on from here: to the page that shows the secret."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, {**context, **one}, *args, **kwargs)

    def store(self, request: HttpRequest, row: ApiKey | None, form: Any) -> ApiKey:
        account = self.account(request, form)
        key, token = actions.create_api_key(
            account=account,
            friendly_name=form.cleaned_data["friendly_name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.cleaned_data.get("expires_at"),
            actor=actor(request, account),
        )
        request.new_secret = token  # type: ignore[attr-defined]
        return key

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        token: str = request.new_secret  # type: ignore[attr-defined]
        return self.show_once(
            request,
            obj,
            title=_("The new API key"),
            parts=[*key_parts(token), Part(_("Bearer token"), token)],
            hint=_(
                "Twilio's SDKs take sid and secret. Programs that use the API for bots send the token: "
                "Authorization: Bearer …"
            ),
        )

    @display(description=_("State"), label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> Label:
        if key.revoked_at:
            return Label("revoked", gettext("revoked"))
        if key.expires_at and key.expires_at <= clock.now():
            return Label("expired", gettext("expired"))
        return Label("active", pgettext("API key", "active"))

    @display(description=_("It may"))
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(str(SCOPES.get(scope, scope)) for scope in key.scopes)

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_change_row(request, object_id, revoked_at__isnull=True)

    @action(description=_("Revoke"), icon="block", permissions=["revoke"], url_path="revoke", variant=DANGER)
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            _("Revoke this key?"),
            _("Every program that uses it is refused from now on. A revoked key cannot be brought back."),
            _("Revoke"),
        )

        def perform(key: ApiKey, _given: dict[str, Any]) -> str:
            actions.revoke_api_key(key, actor=actor(request, key.account))
            return gettext("The key %(name)s has been revoked.") % {"name": key.friendly_name}

        return self.ask(request, object_id, question, perform)
