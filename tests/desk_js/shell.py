"""Collect the static files under hashed names and render the desk's real templates, as production would.

Run as a program of its own, so that a Django configured by hand never meets the one of the other tests:
`python shell.py <repository> <output directory>`.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import allauth
import django
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

sys.path.insert(0, str(Path(__file__).parents[2]))
from conversations.core.attachments import limits_payload

NONCE = "harness"
WORKER = {"sid": "WK" + "a" * 32, "friendly_name": "Ana Ortega"}
BOOT = {
    "worker": WORKER,
    "role": "supervisor",
    "language": "en",
    "socket_path": "/ws/desk",
    "messages_url": "/desk/conversations/{sid}/messages",
    "files_url": "/desk/conversations/{sid}/files",
    "file_url": "/desk/files/{sid}",
    "file_limits": limits_payload(),
    "templates_url": "/desk/conversations/{sid}/templates",
    "contacts_url": "/desk/contacts",
    "csrf_token": "token",
}


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


# What the templates link to: only the addresses matter here.
urlpatterns = [
    path("desk/", nothing, name="desk"),
    path("phones/", nothing, name="phones"),
    path("login/", nothing, name="login"),
    path("login/passkey/", nothing, name="mfa_login_webauthn"),
    path("logout/", nothing, name="logout"),
    path("account/", nothing, name="mfa_index"),
    path("jsi18n/", nothing, name="javascript-catalog"),
    path("i18n/setlang/", nothing, name="set_language"),
    path("admin/", include(([path("", nothing, name="index")], "admin"))),
]


class HashedModules(ManifestStaticFilesStorage):
    """Modules import one another several levels deep; each pass carries a changed name up by one level."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20


def configure(repository: Path, out: Path) -> None:
    settings.configure(
        SECRET_KEY="harness",
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATIC_URL="/static/",
        STATIC_ROOT=out / "static",
        STATICFILES_DIRS=[
            *((name, repository / "static" / name) for name in ("account", "css", "desk", "shared", "vendor")),
            *(Path(allauth.__file__).parent / name / "static" for name in ("account", "mfa")),
        ],
        STORAGES={"staticfiles": {"BACKEND": f"{__name__}.HashedModules"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [repository / "templates"]}],
        LANGUAGES=[("en", "English"), ("es", "Spanish")],
        USE_TZ=True,
    )
    django.setup()


def render(out: Path) -> None:
    from django.template.loader import render_to_string

    user = SimpleNamespace(get_full_name=lambda: "Ana Ortega", get_username=lambda: "ana")
    request = SimpleNamespace(csp_nonce=NONCE, user=user, get_full_path=lambda: "/login/")
    common = {"request": request, "csrf_token": "token", "twin_enabled": True}
    pages = {
        "desk.html": ("desk/desk.html", {"worker": WORKER, "boot": BOOT}),
        "no_worker.html": ("desk/desk.html", {"worker": None, "boot": BOOT | {"worker": None}}),
        "login.html": ("account/login.html", {"form": None}),
    }
    for name, (template, context) in pages.items():
        (out / name).write_text(render_to_string(template, common | context), encoding="utf-8")


def main() -> None:
    repository, out = Path(sys.argv[1]), Path(sys.argv[2])
    configure(repository, out)
    from django.core.management import call_command

    call_command("collectstatic", "--noinput", verbosity=0)
    render(out)


if __name__ == "__main__":
    main()
