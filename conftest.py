"""What every test finds: plain static files, an empty cache, and generated tests that are the same at every run."""

import copy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from hypothesis import HealthCheck
from hypothesis import settings as generated

SLOW_MACHINES = [HealthCheck.too_slow]
generated.register_profile("same", derandomize=True, database=None, deadline=None, suppress_health_check=SLOW_MACHINES)
generated.register_profile(
    "long", max_examples=3000, database=None, deadline=None, print_blob=True, suppress_health_check=SLOW_MACHINES
)
generated.load_profile("same")


def pytest_configure() -> None:
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = storages
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder.


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """What one test has counted (refused keys, questions) does not throttle the next one."""
    cache.clear()
