"""The addresses, under ``/taskrouter/v1/`` everywhere, and under ``/v1/`` where the host itself is TaskRouter's."""

from django.urls import URLPattern, URLResolver, include, path

from taskrouter.resources import RESOURCES
from taskrouter.resources.statistics import STATISTICS
from taskrouter.views import Nothing

nothing = Nothing.as_view({"get": "nothing"})
resources = [
    *(route for statistics in STATISTICS for route in statistics.routes()),
    *(route for resource in RESOURCES for route in resource.routes()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(resources)),
    path("", nothing),
    path("<path:rest>", nothing),
]
