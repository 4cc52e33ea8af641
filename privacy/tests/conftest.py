"""A house, and somebody with a past in it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from privacy.tests import stories
from privacy.tests.stories import Story
from tests.people import House


@pytest.fixture
def home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    settings.MEDIA_ROOT = str(tmp_path)
    stories._fed.clear()
    assert Path(default_storage.location) == tmp_path
    return stories.office(settings)


@pytest.fixture
def story(home: House) -> Story:
    return stories.told(home)
