"""What the admin's theme is told: names, colours, and the sidebar."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _needs(permission: str) -> Callable[[HttpRequest], bool]:
    def allowed(request: HttpRequest) -> bool:
        from accounts.admin_base import may  # Settings are read before any model.

        return may(request, permission)

    return allowed


def _item(title: Promise, icon: str, page: str, *, permission: str = "floor:read") -> dict[str, Any]:
    link = reverse_lazy(f"admin:{page}_changelist" if "_" in page else f"admin:{page}")
    return {"title": title, "icon": icon, "link": link, "permission": _needs(permission)}


def _group(title: Promise | None, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": title is not None, "items": list(items)}


# The product's own colours: `static/css/tokens.css`.
_PRIMARY = {
    "50": "oklch(97.5% .014 272)",
    "100": "oklch(95.5% .022 272)",
    "200": "oklch(90.5% .045 272)",
    "300": "oklch(84% .08 272)",
    "400": "oklch(74% .125 272)",
    "500": "oklch(66% .155 271)",
    "600": "oklch(50% .19 270)",
    "700": "oklch(44% .19 270)",
    "800": "oklch(38% .16 270)",
    "900": "oklch(32% .12 270)",
    "950": "oklch(25% .09 270)",
}
_BASE = {
    "50": "oklch(98.2% .003 262)",
    "100": "oklch(96.5% .004 262)",
    "200": "oklch(91.5% .006 262)",
    "300": "oklch(84% .01 262)",
    "400": "oklch(70% .014 266)",
    "500": "oklch(54% .018 266)",
    "600": "oklch(42% .02 266)",
    "700": "oklch(34% .018 266)",
    "800": "oklch(27% .016 266)",
    "900": "oklch(20% .014 266)",
    "950": "oklch(16.5% .012 266)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Contact centre"),
    "SITE_HEADER": _("Contact centre"),
    "SITE_URL": "/desk/",
    "SITE_ICON": lambda _request: static("css/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("css/mark.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "STYLES": [
        lambda _request: static("admin_extra/admin.css"),
        lambda _request: static("admin_extra/workflows.css"),
        lambda _request: static("admin_extra/why.css"),
        lambda _request: static("admin_extra/replay.css"),
        lambda _request: static("admin_extra/campaigns.css"),
        lambda _request: static("admin_extra/history.css"),
    ],
    "ACCOUNT": {"navigation": [{"title": _("Your sign-in"), "link": reverse_lazy("mfa_index")}]},
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            _group(None, _item(_("Overview"), "monitoring", "index")),
            _group(
                _("Routing"),
                _item(_("Tasks"), "assignment", "routing_task"),
                _item(_("Queues"), "queue", "routing_taskqueue"),
                _item(_("Workflows"), "account_tree", "routing_workflow"),
                _item(_("Replays"), "replay", "routing_replay"),
                _item(_("Business hours"), "schedule", "hours_calendar"),
                _item(_("Workspaces"), "workspaces", "agents_workspace"),
            ),
            _group(
                _("People"),
                _item(_("Workers"), "support_agent", "agents_worker"),
                _item(_("Activities"), "toggle_on", "agents_activity"),
                _item(_("Users"), "group", "accounts_user", permission="users:write"),
                _item(_("Sessions"), "devices", "usersessions_usersession", permission="users:write"),
            ),
            _group(
                _("Customers"),
                _item(_("Contacts"), "contacts", "conversations_contact"),
                _item(_("Contact fields"), "list_alt_add", "conversations_contactfield"),
                _item(_("Data requests"), "folder_zip", "privacy_datarequest", permission="privacy:export"),
                _item(_("Retention"), "auto_delete", "privacy_retention", permission="privacy:erase"),
            ),
            _group(
                _("Channels"),
                _item(_("Conversations"), "forum", "conversations_conversation"),
                _item(_("Inbox"), "inbox", "conversations_arrival"),
                _item(_("Campaigns"), "campaign", "campaigns_campaign"),
                _item(_("Addresses"), "call", "conversations_address"),
                _item(_("Messaging services"), "dynamic_feed", "conversations_messagingservice"),
                _item(_("Scheduled messages"), "schedule_send", "conversations_scheduledmessage"),
                _item(_("Templates"), "chat_bubble", "conversations_template"),
                _item(_("Web chats"), "chat", "webchat_deployment"),
                _item(_("Consent ledger"), "do_not_disturb_on", "conversations_consent"),
                _item(_("Intakes"), "input", "interactions_intake"),
                _item(_("Task channels"), "alt_route", "agents_taskchannel"),
            ),
            _group(
                _("Bots & API"),
                _item(_("Accounts"), "domain", "accounts_account", permission="users:write"),
                _item(_("API keys"), "key", "accounts_apikey", permission="keys:write"),
                _item(_("One-time codes"), "password", "verification_service"),
                _item(_("Verifications"), "verified_user", "verification_verification"),
                _item(_("Webhook endpoints"), "webhook", "hooks_endpoint"),
                _item(_("Webhooks"), "outbox", "hooks_dispatch"),
                _item(_("Hand-offs"), "handshake", "interactions_handoff"),
            ),
            _group(
                _("Journal"),
                _item(_("Changes"), "history", "history"),
                _item(_("Events"), "list_alt", "eventlog_event"),
            ),
        ],
    },
}
