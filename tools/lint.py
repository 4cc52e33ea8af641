"""``./run lint``: every static check, all of them even if one fails, and one verdict."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent


def main() -> int:
    failed = []
    for name, check in checks():
        started = time.monotonic()
        passed = check()
        say(f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - started:.1f} s)")
        if not passed:
            failed.append(name)
    say(f"{len(list(checks())) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def checks() -> Iterator[tuple[str, Callable[[], bool]]]:
    """Name and check, quick ones first."""
    yield "locks name what the sources name", locks_are_current
    yield "shell scripts parse", lambda: run("sh", "-n", "run") and run("bash", "-n", ".ci/run")
    yield "ruff check", lambda: run(str(BIN / "ruff"), "check", "--quiet", ".")
    yield "ruff format", lambda: run(str(BIN / "ruff"), "format", "--check", "--quiet", ".")
    yield "djlint", lambda: run(PYTHON, "-m", "djlint", "templates", "--lint", "--quiet")
    yield "import-linter", lambda: run(PYTHON, "-c", "from importlinter.cli import lint_imports_command as c; c()")
    yield "makemigrations", lambda: run(PYTHON, "manage.py", "makemigrations", "--check", "--dry-run", "-v", "0")
    yield "generated documents", lambda: run(PYTHON, "manage.py", "docs", "--check")
    yield "check --deploy with .env.example", deploys
    yield "mypy", lambda: run(PYTHON, "-m", "mypy", ".", "--no-error-summary")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(*command: str, env: dict[str, str] | None = None) -> bool:
    """Whether the command ended well; its output is shown only if it did not."""
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        say(done.stdout + done.stderr)
    return done.returncode == 0


def deploys() -> bool:
    """Django's deployment checks have nothing to say about the values of ``.env.example``."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ.get("PATH", ""), "VAR_DIR": folder, "READ_DOT_ENV": "0"} | example()
        return run(PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING", env=env)


def example() -> dict[str, str]:
    """What ``.env.example`` sets, without what it only mentions."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def locks_are_current() -> bool:
    """Each name in a ``.in`` file is in its lock. Whether newer versions exist is another question."""
    missing = [
        f"{source}: {name} is not in {target}; run ./run lock"
        for source, target in (("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt"))
        for name in sorted(wanted(source) - locked(target))
    ]
    if missing:
        say("\n".join(missing))
    return not missing


def wanted(source: str) -> set[str]:
    lines = (ROOT / source).read_text().splitlines()
    return {normal(line) for line in lines if re.match(r"[A-Za-z]", line)}


def locked(target: str) -> set[str]:
    lines = (ROOT / target).read_text().splitlines()
    return {normal(line) for line in lines if re.match(r"[A-Za-z][\w.-]*==", line)}


def normal(line: str) -> str:
    """A requirement's name as indexes compare it.

    >>> normal("Drf_Spectacular[sidecar]==1.0")
    'drf-spectacular'
    """
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~!; ]", line, maxsplit=1)[0]).lower()


if __name__ == "__main__":
    sys.exit(main())
