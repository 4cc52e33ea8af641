"""The admin's site: who enters, and the index with its live figures."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from accounts.admin_base import may
from contactcenter import dashboard
from contactcenter.history_page import history_page

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite as ThemedSite
else:
    from unfold.sites import UnfoldAdminSite as ThemedSite


class Site(ThemedSite):
    """Supervisors and administrators enter; the policy says so, not Django's staff flag."""

    index_title = _("Overview")
    index_template = "admin/overview.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request, "floor:read")

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The product has one page to sign in at; whoever is signed in and may not enter is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or request.get_full_path().replace("login/", ""))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The product has one page for one's own password, too."""
        return redirect("account_change_password")

    def get_urls(self) -> Any:
        return [
            path("figures/", self.admin_view(self.figures), name="figures"),
            path("history/", self.admin_view(self.history), name="history"),
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        extra = {**(extra_context or {}), "figures": dashboard.figures(request), "links": dashboard.links()}
        return super().index(request, extra)

    def history(self, request: HttpRequest) -> HttpResponse:
        """Who changed the configuration, and how it was before."""
        return history_page(request, self.each_context(request))

    def figures(self, request: HttpRequest) -> HttpResponse:
        """The live part of the index, as a fragment."""
        return render(request, "admin/figures.html", {"figures": dashboard.figures(request)})
