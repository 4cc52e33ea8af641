"""A child process with Django set up on one scratch database. It does what it is told, one line of JSON at a time.

Measurements inside the product run here; the parent keeps the clock of everything that happens between processes.
"""

import importlib
import json
import os
import sys
import traceback
from typing import Any

import django


def main() -> None:
    """A line in: ``{"call": "module:function", "with": {…}}``. A line out: ``{"answer": …}`` or ``{"error": …}``."""
    # What the product prints must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.environ["DJANGO_SETTINGS_MODULE"] = "contactcenter.settings"
    django.setup()
    for line in sys.stdin:
        answers.write(json.dumps(_do(json.loads(line))) + "\n")
        answers.flush()


def _do(order: dict[str, Any]) -> dict[str, Any]:
    module, _, name = order["call"].partition(":")
    try:
        return {"answer": getattr(importlib.import_module(module), name)(**order["with"])}
    except Exception:
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    main()
