"""What every test finds: plain static files, so that nothing has to be collected first."""

import copy
from pathlib import Path

from django.conf import settings


def pytest_configure() -> None:
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = storages
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder.
