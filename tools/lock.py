"""``./run lock``: write the lock files anew from the ``requirements*.in``. Needs the package index."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ["pip", "compile", "--no-config", "--no-python-downloads", "--no-emit-index-url", "--universal"]
COMPILE += ["--python-version", "3.11", "--generate-hashes"]


def main() -> None:
    uv = Path(sys.executable).parent / "uv"
    program = str(uv) if uv.exists() else "uv"
    for name in ("requirements", "requirements-s3", "requirements-dev"):
        lock(program, f"{name}.in", f"{name}.txt")


def lock(uv: str, source: str, target: str) -> None:
    command = [uv, *COMPILE, source, "-o", target, *sys.argv[1:]]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    main()
