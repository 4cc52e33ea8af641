import pytest
from django.db import DatabaseError

from contactcenter import drain, health
from conversations.models import Reconciliation
from eventlog.leases import Lease
from eventlog.queries import RELAY_LEASE
from kernel import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def pump(db):
    lease = Lease(RELAY_LEASE)
    assert lease.hold()
    return lease


@pytest.fixture(autouse=True)
def _no_redis(settings, monkeypatch):
    settings.BUS_URL = ""
    monkeypatch.setattr(health, "_seen_migrated", False)
    monkeypatch.setattr(drain.state, "draining", False)


def test_ready_with_database_and_pump(client, pump):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"ready": True, "reasons": []}


def test_not_ready_without_pump(client):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "reasons": ["no pump is running"]}


def test_alive_though_degraded(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "degraded"
    assert body["pump"]["alive"] is False
    assert body["problems"] == ["no pump is running"]


def test_health_tells_every_part(client, pump):
    body = client.get("/healthz").json()

    assert body == {
        "status": "ok",
        "database": "ok",
        "redis": "unused",
        "problems": [],
        "pump": {"alive": True, "lag_seconds": 0.0},
        "inbox": {"waiting": 0, "set_aside": 0},
        "outbox": {"queued": 0},
        "carrier": {"state": "closed", "interrupted_at": None, "code": "", "held_until": None},
        "unknown": 0,
        "reconciler": None,
        "templates": None,
        "sinks": {},
    }


def test_missing_migrations_are_a_reason(client, pump, monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["one"])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["reasons"] == ["migrations are missing: run manage.py migrate"]


def test_redis_that_does_not_answer_is_a_reason(client, pump, settings):
    settings.BUS_URL = "redis://127.0.0.1:1/0"
    health._redis_client.cache_clear()

    response = client.get("/readyz")

    health._redis_client.cache_clear()
    assert response.status_code == 503
    assert response.json()["reasons"] == ["Redis cannot be reached"]


def test_lost_database_is_a_reason_and_no_traceback(client, pump, monkeypatch):
    def refuse(*_):
        raise DatabaseError("gone")

    monkeypatch.setattr(health.connection, "cursor", refuse)

    assert client.get("/readyz").json()["reasons"] == ["the database cannot be reached"]
    body = client.get("/healthz").json()
    assert body["database"] == "down"
    assert "pump" not in body


def test_a_draining_process_is_not_ready_but_alive(client, pump, monkeypatch):
    monkeypatch.setattr(drain.state, "draining", True)

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_probes_ask_by_address(client, pump):
    assert client.get("/readyz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/login/", headers={"Host": "10.0.0.7:8000"}).status_code == 400


def test_health_tells_of_the_last_look_through_the_carriers_list(client, pump, settings):
    now = clock.now()
    Reconciliation.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        covered_until=now,
        due_at=now,
        ran_at=now,
        seen=7,
        brought=1,
        brought_in_all=3,
        failure="refused",
        failures=2,
    )

    assert client.get("/healthz").json()["reconciler"] == {
        "ran_at": clock.iso(now),
        "seen": 7,
        "brought": 1,
        "brought_in_all": 3,
        "failure": "refused",
        "failures": 2,
    }
