"""The addresses, under ``/verify/v2/``."""

from django.urls import include, path

from taskrouter.views import Nothing
from verification.resources import Checks, Services, Verifications

check = Checks.as_view({"post": "create"})
nothing = Nothing.as_view({"get": "nothing"})

urlpatterns = [
    path(
        "v2/",
        include(
            [
                *Services.routes(),
                *Verifications.routes(),
                path("Services/<str:service_sid>/VerificationCheck", check, name="verify-checks"),
            ]
        ),
    ),
    path("<path:rest>", nothing),
]
