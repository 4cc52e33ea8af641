import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from contactcenter import storage
from contactcenter.environment import BASE_DIR

MAIN = """\
/** @typedef {import("./types.js").Thing} Thing */
import { signal } from "@preact/signals";
import { one } from "./one.js";import "./views/two.js";
import {
  three,
  four,
} from "../shop/views/three.js";
export { five } from "./one.js";
"""


@pytest.fixture
def shop(tmp_path, settings):
    """A folder of modules as the only static files, and the place where they are collected."""
    source = tmp_path / "source"
    for name in ("one.js", "views/two.js", "views/three.js", "types.js"):
        file = source / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"export const name = '{name}';\n")
    (source / "shop" / "main.js").write_text(MAIN)
    settings.STATICFILES_DIRS = [str(source)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = str(tmp_path / "collected")
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "contactcenter.storage.StaticStorage"}}
    settings.DEBUG = False
    finders.get_finder.cache_clear()
    yield source / "shop"
    finders.get_finder.cache_clear()


def collected(settings, name: str) -> str:
    [file] = Path(settings.STATIC_ROOT).glob(name)
    return file.read_text()


def test_modules_import_one_another_by_hashed_names(shop, settings):
    assert storage.collect_when_changed()

    text = collected(settings, "shop/main.*.js")
    imported = re.findall(r'"(\.[^"]+)"', text.partition("\n")[2])
    assert len(imported) == 4
    assert all(re.fullmatch(r"\.{1,2}/[\w/]+\.[0-9a-f]{12}\.js", name) for name in imported), imported
    assert 'from "@preact/signals"' in text
    assert 'import("./types.js")' in text


def test_nothing_is_collected_twice_until_a_file_changes(shop, settings):
    assert storage.collect_when_changed()
    assert not storage.collect_when_changed()

    (shop / "one.js").write_text("export const name = 'changed, and longer';\n")

    assert storage.collect_when_changed()
    names = [file.name for file in Path(settings.STATIC_ROOT, "shop").glob("one.*.js")]
    assert len(names) == 2, "the old one stays for pages that are open"


def test_no_module_imports_at_run_time():
    """``import()`` is not rewritten, so it would ask for a file without a hash."""
    modules = [file for file in (BASE_DIR / "static").rglob("*.js") if "vendor" not in file.parts]
    dynamic = re.compile(r"^[^@*]*(?:await|return|=>|=|\()\s*import\(", re.MULTILINE)

    assert len(modules) > 10
    assert [file.name for file in modules if dynamic.search(file.read_text())] == []
