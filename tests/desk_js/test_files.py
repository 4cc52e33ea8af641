"""Lists that must be in step with the files."""

import hashlib
import re

from .conftest import REPOSITORY

VENDOR = REPOSITORY / "static" / "vendor"


def test_vendored_files_are_the_listed_ones() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` .*`(licenses/[^`]+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "VENDORED.md").read_text(), re.M
    )

    listed = {name: total for name, _licence, total in rows}
    present = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.*") if path.suffix != ".md"
    }

    assert listed == present
    assert all((VENDOR / licence).exists() for _name, licence, _total in rows)


def test_vendored_modules_point_to_no_source_map() -> None:
    assert [path.name for path in VENDOR.glob("*.mjs") if "sourceMappingURL" in path.read_text()] == []


def test_every_module_of_the_desk_is_preloaded() -> None:
    template = (REPOSITORY / "templates" / "desk" / "_modules.html").read_text()
    static = REPOSITORY / "static"

    preloaded = set(re.findall(r"modulepreload\" href=\"{% static '(desk/[^']+)'", template))
    present = {str(path.relative_to(static)) for path in (static / "desk").rglob("*.js")}

    assert preloaded == present - {"desk/main.js"}
