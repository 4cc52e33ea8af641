"""The explanations of routing, for programs."""

import pytest

from agents import actions as agents
from api import openapi
from api.tests.conftest import make_program
from api.tests.test_handoffs import problem
from kernel import sids
from kernel.actor import SYSTEM
from routing import actions as routing
from routing.models import Task
from tests import people


def path(kind, sid):
    return f"/api/v1/{kind}/{sid}/why"


def make_task(desk, **more):
    return routing.create_task(desk.home.workspace, attributes={"topic": "help"}, actor=SYSTEM, **more)


@pytest.fixture
def ada(desk):
    people.person(desk.home, "Ada", skills=("sales",))
    people.available(desk.home, "Ada")
    return desk.home.workers["Ada"]


@pytest.fixture
def everything(desk, ada):
    """The path of each explanation, by the name of its shape."""
    task = make_task(desk)
    (reservation,) = routing.offer(make_task(desk), workers=[ada])
    return {
        "WhyTask": path("tasks", task.sid),
        "WhyReservation": path("reservations", reservation.sid),
        "WhyWorker": path("workers", ada.sid),
        "WhyTaskQueue": path("queues", desk.queue.sid),
    }


def test_why_a_task_is_still_waiting(desk, bot, ada):
    routing.save_queue(desk.queue, target_workers="skills HAS 'billing'", actor=SYSTEM)
    task = make_task(desk)

    told = bot.get(path("tasks", task.sid)).json()

    assert (told["task_sid"], told["assignment_status"], told["reservations"]) == (task.sid, "pending", [])
    waiting = told["waiting"]
    assert (waiting["position"], waiting["never"], waiting["count"], waiting["next_page_token"]) == (1, True, 1, None)
    assert waiting["reasons"] == [{"reason": "queue-expression", "workers": 1}]
    assert waiting["workers"] == [
        {
            "worker_sid": ada.sid,
            "worker_name": "Ada",
            "reason": "queue-expression",
            "message": "Not in the queue: skills HAS 'billing' – skills is ['sales'].",
            "clauses": [
                {
                    "text": "skills HAS 'billing'",
                    "line": 1,
                    "column": 1,
                    "holds": False,
                    "found": [{"name": "skills", "value": "['sales']"}],
                    "hint": None,
                }
            ],
        }
    ]
    (expiry,) = waiting["next"]
    assert (expiry["event"], expiry["task_queue_sid"]) == ("expiry", None)


def test_why_a_task_is_in_its_queue(desk, bot):
    route = bot.get(path("tasks", make_task(desk).sid)).json()["route"]

    assert (route["workflow_sid"], route["workflow_version"], route["outdated"]) == (desk.workflow.sid, 1, False)
    assert route["default_filter"] == {
        "task_queue_sid": desk.queue.sid,
        "task_queue_friendly_name": "Support",
        "fate": "here",
    }


def test_why_an_agent_gets_nothing(desk, bot, ada):
    agents.set_activity(ada, activity=desk.home.activity("Unavailable"), actor=SYSTEM)
    make_task(desk)

    told = bot.get(path("workers", ada.sid)).json()

    assert (told["obstacle"], told["message"]) == ("away", "Away: somebody who is away gets no work.")
    (queue,) = told["task_queues"]
    assert (queue["member"], queue["waiting"], queue["place"]) == (True, 1, None)
    assert [(task["reason"], task["message"]) for task in queue["tasks"]] == [("away", "Away: Unavailable.")]


def test_what_waits_in_a_queue_and_who_could_serve_it(desk, bot, ada):
    task = make_task(desk, priority=7)

    told = bot.get(path("queues", desk.queue.sid)).json()

    assert [(row["task_sid"], row["priority"]) for row in told["tasks"]] == [(task.sid, 7)]
    (share,) = told["task_channels"]
    assert (share["task_channel"], share["waiting"], share["never"]) == ("default", 1, False)
    assert share["reasons"] == [{"reason": "free", "workers": 1}]
    assert [(row["worker_sid"], row["message"]) for row in told["workers"]] == [(ada.sid, "Free, number 1 in line.")]


def test_messages_speak_the_language_of_the_caller(everything, bot):
    response = bot.client.get(everything["WhyWorker"], headers=bot.headers(**{"Accept-Language": "es"}))

    assert response["Content-Language"] == "es"


def test_answers_have_the_shapes_that_the_document_tells(everything, bot):
    schemas = openapi.document()["components"]["schemas"]

    for name, address in everything.items():
        told = bot.get(address)
        assert told.status_code == 200
        _same_shape(told.json(), schemas[name], schemas, at=name)


def _same_shape(value, schema, schemas, *, at):
    """All names that the document tells and no others, at every depth."""
    (schema,) = schema.get("allOf", [schema])
    schema = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    if isinstance(value, dict):
        assert set(value) == set(schema["properties"]), at
        for name, inner in value.items():
            _same_shape(inner, schema["properties"][name], schemas, at=f"{at}.{name}")
    elif isinstance(value, list):
        for inner in value:
            _same_shape(inner, schema["items"], schemas, at=f"{at}[]")


def test_pages_follow_one_another(desk, bot, ada):
    people.person(desk.home, "Ben")
    address = path("tasks", make_task(desk).sid)

    first = bot.get(address, page_size=1).json()["waiting"]
    second = bot.get(address, page_size=1, page_token=first["next_page_token"]).json()["waiting"]

    assert [row["worker_name"] for row in (*first["workers"], *second["workers"])] == ["Ada", "Ben"]
    assert (first["count"], second["count"], second["next_page_token"]) == (2, 2, None)


def test_one_worker_or_one_reason_may_be_asked_for(desk, bot, ada):
    people.person(desk.home, "Ben")
    address = path("tasks", make_task(desk).sid)

    by_worker = bot.get(address, worker=ada.sid).json()["waiting"]
    by_reason = bot.get(address, reason="away").json()["waiting"]

    assert [row["worker_name"] for row in by_worker["workers"]] == ["Ada"]
    assert [row["worker_name"] for row in by_reason["workers"]] == ["Ben"]
    assert (by_worker["count"], by_reason["count"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "x"}, "page_size"),
        ({"page_token": "WK" + "0" * 32}, "page_token"),
        ({"page_token": "x" * 35}, "page_token"),
        ({"page": 2}, "page"),
    ],
)
def test_a_query_that_cannot_be_is_refused_by_its_field(everything, bot, query, field):
    for address in everything.values():
        if address == everything["WhyReservation"] and field == "page_token" and len(query["page_token"]) == 34:
            continue  # There nobody was compared, and there are no pages.
        assert problem(bot.get(address, **query), 400)["field"] == field


@pytest.mark.parametrize(("query", "field"), [({"reason": "x"}, "reason"), ({"worker": "x"}, "worker")])
def test_an_unknown_reason_or_worker_is_refused_by_its_field(everything, bot, query, field):
    for name in ("WhyTask", "WhyReservation", "WhyTaskQueue"):
        assert problem(bot.get(everything[name], **query), 400)["field"] == field


def test_an_unknown_reason_is_told_the_known_ones(desk, bot):
    told = problem(bot.get(path("queues", desk.queue.sid), reason="awayy"), 400)

    assert told["message"].startswith("Write one of: ")
    assert all(reason in told["message"] for reason in ("away", "full", "queue-expression"))


def test_another_account_learns_nothing(everything, stranger):
    for address in everything.values():
        problem(stranger.get(address), 404, code="not-found")


def test_a_key_without_the_scope_may_not_ask(desk, everything):
    program = make_program(desk, "handoffs:write", "conversations:read", "conversations:write")

    for address in everything.values():
        assert "routing:read" in problem(program.get(address), 403, code="forbidden")["message"]


@pytest.mark.parametrize("sid", ["x", "WT", "WT" + "G" * 32, "%00", "WT" + "0" * 5000, "' OR 1=1"])
@pytest.mark.parametrize("kind", ["tasks", "reservations", "workers", "queues"])
def test_what_is_no_sid_is_not_there(bot, kind, sid):
    problem(bot.get(path(kind, sid)), 404, code="not-found")


def test_what_is_gone_is_not_there(desk, bot, everything):
    Task.objects.all().delete()

    problem(bot.get(everything["WhyTask"]), 404, code="not-found")
    problem(bot.get(path("workers", sids.new("WK"))), 404, code="not-found")
