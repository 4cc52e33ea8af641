#!/usr/bin/env python
"""Django's command line, with a clear line where the environment is at fault."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
    port_before_settings(sys.argv)
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        _ = settings.INSTALLED_APPS  # Read now: Django would print a traceback later.
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)


def port_before_settings(arguments: list[str]) -> None:
    """``serve --port`` counts before the settings are read: links, origins and cookies carry the port."""
    if len(arguments) < 2 or arguments[1] != "serve":
        return
    words = " ".join(arguments).replace("--port=", "--port ").split()
    port = words[words.index("--port") + 1 :][:1] if "--port" in words else []
    if port and port[0].isdigit():
        os.environ["PORT"] = port[0]


if __name__ == "__main__":
    main()
