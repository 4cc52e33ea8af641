"""Every address of the product. Each package keeps the paths of its own; they all start at the root."""

import time

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog

from contactcenter import account_urls, health

_STARTED = int(time.time())


def _catalog_version(_request: HttpRequest, *_: object, **__: object) -> str:
    return f'"{get_language()}-{_STARTED}"'


# Asked for on each page, answered 304 until the language or the process changes.
catalog = cache_control(private=True, no_cache=True)(condition(etag_func=_catalog_version)(JavaScriptCatalog.as_view()))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/desk/"), name="home"),
    path("", include(account_urls)),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/", catalog, name="javascript-catalog"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("desk.urls")),
    path("", include("api.urls")),
    path("taskrouter/", include("taskrouter.urls")),
    path("verify/", include("verification.urls")),
    path("", include("webchat.urls")),
    path("", include("conversations.urls")),
    path("", include("privacy.urls")),
    path("", include("carriers.twin.urls")),  # Its views answer 404 where the twin is not switched on.
]
