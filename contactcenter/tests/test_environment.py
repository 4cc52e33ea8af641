import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contactcenter.environment import BASE_DIR
from tools.lint import example

# The least that production starts with.
PRODUCTION = {
    "SECRET_KEY": "k3y-" * 16 + "0123456789",
    "ALLOWED_HOSTS": "cc.example.com",
    "PUBLIC_URL": "https://cc.example.com",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def manage(*arguments, folder, **values):
    """Run manage.py with these variables and no others."""
    env = {"PATH": os.environ["PATH"], "READ_DOT_ENV": "0", "VAR_DIR": str(folder), **values}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=env, text=True, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "REDIS_URL"])
def test_production_without_a_needed_value_is_refused_in_one_line(tmp_path, name):
    values = {key: value for key, value in PRODUCTION.items() if key != name}

    done = manage("check", folder=tmp_path, **values)

    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert name in done.stderr
    assert ".env.example" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("SECRET_KEY", "short"), ("SECRET_KEY", "django-insecure-" + "x" * 60), ("ALLOWED_HOSTS", "*")]
)
def test_production_with_a_weak_value_is_refused(tmp_path, name, value):
    done = manage("check", folder=tmp_path, **PRODUCTION | {name: value})

    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["web", "full"])
def test_the_key_of_the_example_serves_nobody(tmp_path, verb):
    done = manage(verb, "--port", "0", folder=tmp_path, **PRODUCTION | {"SECRET_KEY": example()["SECRET_KEY"]})

    assert done.returncode == 1
    assert done.stderr.strip() == "SECRET_KEY: still the value of .env.example. Set one of your own."


def test_unwritable_folder_is_one_clear_line(tmp_path):
    file = tmp_path / "file"
    file.touch()

    done = manage("serve", folder=file / "var")

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(file / "var") in done.stderr


def test_full_without_servers_says_what_it_needs(tmp_path):
    done = manage("full", folder=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("./run full needs DATABASE_URL")


def read_by_the_code() -> set[str]:
    sources = [BASE_DIR / "contactcenter" / name for name in ("environment.py", "settings.py")]
    sources += (BASE_DIR / "contactcenter" / "management" / "commands").glob("*.py")
    text = "\n".join(source.read_text() for source in sources)
    reads = r"""(?:env\.(?:str|bool|int|list|dict|float)|required|os\.environ\.get)\(\s*"([A-Z_]+)\""""
    return set(re.findall(reads, text))


def told_by_the_example() -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))


def test_example_tells_every_variable_and_no_other():
    compose_only = {"POSTGRES_PASSWORD", "SITE_ADDRESS"}

    assert len(read_by_the_code()) > 20
    assert told_by_the_example() - compose_only == read_by_the_code()


def test_deployment_checks_have_nothing_to_say_about_the_example(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", folder=tmp_path, **example())

    assert done.returncode == 0, done.stderr


def test_deployment_checks_object_to_open_phones_and_plain_http(tmp_path):
    values = example() | {"TWIN_ENABLED": "true", "PUBLIC_URL": "http://cc.example.com"}

    done = manage("check", "--deploy", folder=tmp_path, **values)

    assert "contactcenter.W001" in done.stderr
    assert "contactcenter.W002" in done.stderr


def test_port_of_the_command_line_reaches_the_settings(monkeypatch):
    monkeypatch.syspath_prepend(str(BASE_DIR))
    from manage import port_before_settings

    for arguments in (["--port", "18999"], ["--port=18999"], ["--reload", "--port", "18999"]):
        monkeypatch.setenv("PORT", "1")
        port_before_settings(["manage.py", "serve", *arguments])
        assert os.environ["PORT"] == "18999"
    monkeypatch.setenv("PORT", "1")
    port_before_settings(["manage.py", "serve", "--port", "many"])
    port_before_settings(["manage.py", "migrate", "--port", "18999"])
    assert os.environ["PORT"] == "1"


def test_kept_secret_is_for_the_owner_alone(tmp_path, monkeypatch):
    from contactcenter import environment

    monkeypatch.setattr(environment, "VAR_DIR", Path(tmp_path) / "var")

    first = environment.kept_secret("one")

    assert environment.kept_secret("one") == first
    assert environment.kept_secret("two") != first
    file = tmp_path / "var" / "secrets" / "one"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
