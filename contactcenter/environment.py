"""The two shapes of one product, chosen by the environment alone.

Nothing set: the embedded default (SQLite, one process, everything under ``var/``). ``DATABASE_URL`` and ``REDIS_URL``
set: the production shape. Every difference between the two stands in this module.
"""

import hashlib
import os
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if os.environ.get("READ_DOT_ENV", "1") != "0" and (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
PRODUCTION = env.bool("PRODUCTION", default=bool(env.str("DATABASE_URL", default="")))


def required(name: str, *, embedded: str) -> str:
    """The variable's value; production does not start without it."""
    value: str = env.str(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. Production needs it: see .env.example.")
    return embedded


def second_factor_roles() -> list[str]:
    """The roles that need a second factor."""
    roles: list[str] = env.list("SECOND_FACTOR_ROLES", default=[])
    unknown = sorted(set(roles) - {"agent", "supervisor", "admin"})
    if unknown:
        raise ImproperlyConfigured(f"SECOND_FACTOR_ROLES names {', '.join(unknown)}: use agent, supervisor, admin.")
    return roles


def kept_secret(name: str) -> str:
    """A secret made once and kept under ``var/`` for the owner's eyes only."""
    path = VAR_DIR / "secrets" / name
    try:
        return _kept(path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{VAR_DIR} cannot be written to ({error.strerror}). Free it, or name another folder: VAR_DIR=/path ./run"
        ) from error


def _kept(path: Path) -> str:
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_hex(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(made + "\n")
    return made


def secret_key() -> str:
    """``SECRET_KEY``; made at the first start of the embedded default."""
    value: str = env.str("SECRET_KEY", default="")
    if not value and not PRODUCTION:
        return kept_secret("secret_key")
    if len(value) < 50 or value.startswith("django-insecure"):
        raise ImproperlyConfigured("SECRET_KEY is missing or weak. Set 50 random characters or more: see .env.example.")
    return value


def example_values() -> list[str]:
    """The variables that still have the value of ``.env.example``, which everybody can read."""
    return [name for name in ("SECRET_KEY",) if env.str(name, default="").startswith("replace-me")]


def database() -> dict[str, Any]:
    """Django's ``DATABASES["default"]``."""
    url = env.str("DATABASE_URL", default="")
    return postgresql(url) if url else sqlite()


def sqlite() -> dict[str, Any]:
    """WAL and IMMEDIATE, or read-then-write transactions fail with "database is locked".

    Connections are kept: a new one reads the whole schema before its first query, 2 ms with our tables.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(VAR_DIR / "contactcenter.sqlite3"),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
        },
        # An in-memory database cannot be shared by threads: "database table is locked".
        "TEST": {"NAME": str(VAR_DIR / "test.sqlite3")},
    }


def postgresql(url: str) -> dict[str, Any]:
    """A pool with health checks: persistent connections under ASGI exhaust the server, and a restart must heal."""
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["CONN_MAX_AGE"] = 0
    config["CONN_HEALTH_CHECKS"] = True
    config.setdefault("OPTIONS", {})
    config["OPTIONS"] |= {
        # Prepared statements: planning anew costs more than half of each of our small queries. A pooler in transaction
        # mode (PgBouncer) cannot keep them: then DATABASE_PREPARED=0.
        "server_side_binding": env.bool("DATABASE_PREPARED", default=True),
        "prepare_threshold": 3 if env.bool("DATABASE_PREPARED", default=True) else None,
        "pool": {
            "min_size": 1,
            "max_size": env.int("DATABASE_POOL_SIZE", default=24),
            "timeout": 10,
            "reconnect_timeout": 5,
        },
        "options": "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s",
    }
    return config


def pump_threads(services: list[str]) -> list[list[str]]:
    """Which services of the pump share a thread, and with it a database connection.

    Each its own, so that the router waits for nobody; on SQLite, where all writers queue for one lock, all the same.
    """
    return [[service] for service in services] if env.str("DATABASE_URL", default="") else [services]


def sends_at_once() -> int:
    """Calls to the carrier that one worker process makes at a time; the carrier's client keeps 64 connections."""
    count: int = env.int("SENDS_AT_ONCE", default=32)
    if not 1 <= count <= 64:
        raise ImproperlyConfigured(f"SENDS_AT_ONCE is {count}: set 1 to 64.")
    return count


def files() -> dict[str, Any]:
    """Django's ``STORAGES["default"]``: a folder, or the private bucket of ``S3_BUCKET``.

    Nobody is ever sent to the bucket: files leave by our own addresses, which ask who may see them.
    """
    bucket = env.str("S3_BUCKET", default="")
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"file_permissions_mode": 0o600},
        }
    if find_spec("storages") is None:
        raise ImproperlyConfigured(
            "S3_BUCKET needs django-storages and boto3, which are not installed: "
            ".venv/bin/uv pip install --require-hashes -r requirements-s3.txt"
        )
    named = {
        "endpoint_url": "S3_ENDPOINT_URL",
        "region_name": "S3_REGION",
        "access_key": "S3_ACCESS_KEY",
        "secret_key": "S3_SECRET_KEY",
    }
    given = {option: env.str(name, default="") for option, name in named.items()}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "location": env.str("S3_PREFIX", default=""),
            "default_acl": None,
            "file_overwrite": False,
            "signature_version": "s3v4",
            **{option: value for option, value in given.items() if value},
        },
    }


def cache() -> dict[str, Any]:
    """Only ever a convenience: nothing that must not be lost lives in a cache."""
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def redis_url() -> str:
    """``REDIS_URL``, or nothing in the embedded default."""
    return required("REDIS_URL", embedded="")


def redis_prefix(secret_key: str) -> str:
    """What all names of one installation in Redis begin with: two that share a Redis must not share a queue.

    Pub/sub knows no database numbers either.
    """
    return f"cc-{hashlib.sha256(f'redis:{secret_key}'.encode()).hexdigest()[:12]}:"


def broker(prefix: str) -> tuple[str, dict[str, Any]]:
    """Celery's broker URL and transport options; queues are named with ``prefix``.

    The stock polling of ``memory://`` is once a second. On Redis a killed worker's message must come back in seconds,
    and a half-open connection must not block a publisher for ever.
    """
    url = redis_url()
    if not url:
        return "memory://localhost", {"polling_interval": 0.02}
    return url, {
        "visibility_timeout": 120,
        "unacked_restore_throttle": 1,
        "unacked_restore_interval": 5,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "health_check_interval": 10,
        "global_keyprefix": prefix,
    }


def origin(url: str) -> str:
    """Scheme, host and port of a URL.

    >>> origin("https://cc.example.com:8443/x")
    'https://cc.example.com:8443'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
