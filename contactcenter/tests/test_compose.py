import re

import pytest
import yaml
from django.core.management import get_commands

from contactcenter.environment import BASE_DIR
from contactcenter.limits import BODY_LIMIT, MIB, body_limit
from contactcenter.management.commands.full import WORKER, WORKER_QUIETLY, children

OURS = {"migrate", "web", "worker", "pump"}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]


def test_every_process_of_the_production_shape_is_there(services):
    assert set(services) == OURS | {"postgres", "redis", "proxy"}
    assert {name: services[name]["deploy"]["replicas"] for name in ("web", "worker", "pump")} == {
        "web": 2,
        "worker": 2,
        "pump": 2,
    }


def test_whatever_stays_up_has_a_health_check_and_time_to_stop(services):
    for name, service in services.items():
        assert service["stop_grace_period"] in ("30s", "60s"), name
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_tables_are_there(services):
    for name in ("web", "worker", "pump"):
        conditions = {needed: how["condition"] for needed, how in services[name]["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }


def test_redis_loses_nothing_and_throws_nothing_out(services):
    command = " ".join(services["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_images_are_pinned(services):
    for name in ("postgres", "redis", "proxy"):
        tag = services[name]["image"].partition(":")[2]
        assert tag[0].isdigit(), name
        assert "." in tag, name


def test_commands_exist(services):
    for name in OURS - {"worker"}:
        program, script, command, *_ = services[name]["command"]
        assert (program, script) == ("python", "manage.py")
        assert command in get_commands(), name
    assert services["pump"]["healthcheck"]["test"][1:3] == ["python", "manage.py"]
    assert services["pump"]["healthcheck"]["test"][3] in get_commands()


def test_containers_run_what_full_runs(services):
    local = {child.name.partition("-")[0]: list(child.command) for child in children(host="h", ports=range(1, 2))}

    assert services["worker"]["command"][1:] == [*WORKER, *WORKER_QUIETLY, "--concurrency", "16"][2:]
    assert services["worker"]["command"] == local["worker"][2:-2]
    assert services["web"]["command"][2] == local["web"][2] == "web"
    assert services["pump"]["command"][2] == local["pump"][2] == "pump"


def test_units_run_the_same_worker():
    unit = (BASE_DIR / "deploy" / "systemd" / "contactcenter-worker@.service").read_text()

    assert " ".join([*WORKER, *WORKER_QUIETLY]) in unit


LARGER = [
    "/phones/send",
    f"/desk/conversations/CH{'0' * 32}/files",
    f"/api/v1/conversations/CH{'0' * 32}/files",
    "/chat/files",
    "/admin/campaigns/campaign/7/change/",
]


@pytest.mark.parametrize(("name", "patterns"), [("Caddyfile", 2), ("nginx.conf", 1)])
@pytest.mark.parametrize("path", [*LARGER, "/login/", "/webhooks/twilio/messages", "/desk/conversations/CH0/messages"])
def test_proxies_let_through_what_the_application_takes(name, patterns, path):
    text = (BASE_DIR / "deploy" / name).read_text()
    found = re.findall(r" (?:path_regexp|~) (\S+)", text)

    assert len(found) == patterns
    assert (path in LARGER) == (body_limit(path) > BODY_LIMIT)
    assert "26MiB" in text or "client_max_body_size 26m;" in text
    assert "1MiB" in text or "client_max_body_size 1m;" in text
    for pattern in found:
        assert (re.search(pattern, path) is not None) == (body_limit(path) > BODY_LIMIT)
    assert body_limit(path) <= 26 * MIB


def test_proxies_overwrite_what_the_application_trusts():
    for name in ("Caddyfile", "nginx-proxy.conf"):
        text = (BASE_DIR / "deploy" / name).read_text()
        assert "X-Real-IP" in text
        assert "Daphne-Root-Path" in text
