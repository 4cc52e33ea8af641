import pytest
import yaml
from django.core.management import get_commands

from contactcenter.environment import BASE_DIR
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


def test_proxies_agree_with_the_limits_of_the_application():
    caddy = (BASE_DIR / "deploy" / "Caddyfile").read_text()
    nginx = (BASE_DIR / "deploy" / "nginx.conf").read_text()

    assert "max_size 6MiB" in caddy
    assert "max_size 1MiB" in caddy
    assert "client_max_body_size 6m" in nginx
    assert "client_max_body_size 1m" in nginx
    for text in (caddy, (BASE_DIR / "deploy" / "nginx-proxy.conf").read_text()):
        assert "X-Real-IP" in text
        assert "Daphne-Root-Path" in text
