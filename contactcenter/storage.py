"""Static files under hashed names, the imports between ES modules rewritten with them."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Where a statement begins: a module's text also says "import" in comments, where JSDoc names types by import("...").
_START = r"(?m)(?:^|(?<=;))"
_RELATIVE = r"""["'](?P<url>\.{1,2}/.*?)["']"""
_MODULE_PATTERNS = (
    (
        _START + r"(?P<matched>import(?P<names>\s*[\w*{][^;]*?)\s*from\s*" + _RELATIVE + ")",
        """import%(names)s from "%(url)s\"""",
    ),
    (
        _START + r"(?P<matched>export(?P<names>\s*[*{][^;]*?)\s*from\s*" + _RELATIVE + ")",
        """export%(names)s from "%(url)s\"""",
    ),
    (_START + r"(?P<matched>import\s*" + _RELATIVE + ")", """import "%(url)s\""""),
)


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names everywhere; compressed copies only in production, where they are made once, in the image.

    Our modules import one another statically by relative paths, which are rewritten here, or by a bare name, which the
    page's import map resolves. Django's own rewriting stumbles over bare names and reads megabytes that are not ours.
    """

    # Each pass carries a changed name up by one level of imports.
    max_post_process_passes = 20

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inherited: tuple[Any, ...] = CompressedManifestStaticFilesStorage.patterns
        self.patterns = (*inherited, *((f"{folder}/*.js", _MODULE_PATTERNS) for folder in _own_folders()))
        super().__init__(*args, **kwargs)

    def compress_files(self, paths: set[str]) -> Any:
        return super().compress_files(paths) if settings.PRODUCTION else ()


def collect_when_changed() -> bool:
    """Run ``collectstatic`` if any source file changed since the last time; whether it ran.

    Hashed files of earlier versions stay: a page that was opened before still asks for them.
    """
    mark = Path(settings.STATIC_ROOT) / ".sources"
    now = _digest_of_sources()
    if mark.exists() and mark.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(now)
    return True


def _own_folders() -> list[str]:
    return [folder.name for root in settings.STATICFILES_DIRS for folder in Path(root).glob("*/")]


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(["CVS", ".*", "*~"]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
