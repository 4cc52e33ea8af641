"""Reservations at the edge: by their task and by their worker, with an agent's own key, and what is refused how."""

import pytest

from accounts.actions import create_worker_key
from accounts.core import parse_token
from agents.tests.factories import activity, make_worker
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.tests.factories import accepted, asked, make_task, offered
from taskrouter.tests.conftest import Caller, refusal


@pytest.fixture
def ada(caller):
    return make_worker(caller.workspace, "Ada", capacity=5)


def under_task(row):
    return f"Workspaces/{row.worker.workspace.sid}/Tasks/{row.task.sid}/Reservations/{row.sid}"


def under_worker(row):
    return f"Workspaces/{row.worker.workspace.sid}/Workers/{row.worker.sid}/Reservations/{row.sid}"


BOTH = pytest.mark.parametrize("path_of", [under_task, under_worker])


@BOTH
def test_a_reservation_is_told_and_says_where_it_belongs(caller, ada, path_of):
    row = offered(make_task(caller.workspace), ada)

    answer = caller.ask("GET", path_of(row))

    told = answer.json()
    assert answer["ETag"] == '"1"'
    assert (told["reservation_status"], told["worker_name"]) == ("pending", "Ada")
    assert (told["task_sid"], told["worker_sid"]) == (row.task.sid, ada.sid)
    assert told["url"].endswith(path_of(row))
    assert told["date_updated"] == told["date_created"]
    (listed,) = caller.ask("GET", path_of(row).rpartition("/")[0]).json()["reservations"]
    assert listed == told


@BOTH
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("ReservationStatus=accepted", "accepted"),
        ("Instruction=accept", "accepted"),
        ("Instruction=accept&ReservationStatus=accepted", "accepted"),
        ("ReservationStatus=rejected", "rejected"),
        ("Instruction=reject", "rejected"),
    ],
)
def test_an_offer_is_answered_by_status_or_instruction(caller, ada, path_of, body, status):
    row = offered(make_task(caller.workspace), ada)

    answer = caller.ask("POST", path_of(row), body)

    assert (answer.status_code, answer["ETag"], answer.json()["reservation_status"]) == (200, '"2"', status)
    assert caller.ask("GET", path_of(row)).json()["reservation_status"] == status
    task = queries.task(row.task.sid)
    assert task.assignment_status == {"accepted": "assigned", "rejected": "pending"}[status]


@pytest.mark.parametrize("word", ["ReservationStatus=rejected", "Instruction=reject"])
def test_whoever_rejects_may_go_elsewhere(caller, ada, word):
    row = offered(make_task(caller.workspace), ada)
    pause = activity(caller.workspace, "Break")

    assert caller.ask("POST", under_task(row), f"{word}&WorkerActivitySid={pause.sid}").status_code == 200

    ada.refresh_from_db()
    assert ada.activity == pause


@pytest.mark.parametrize(("word", "code"), [("ReservationStatus=rejected", 20001), ("Instruction=reject", 40100)])
def test_nobody_goes_where_there_is_nothing(caller, ada, word, code):
    row = offered(make_task(caller.workspace), ada)

    answer = caller.ask("POST", under_task(row), f"{word}&WorkerActivitySid=WA{'0' * 32}")

    assert refusal(answer, 400, code).startswith("WorkerActivitySid: ")
    assert queries.reservation(row.sid).reservation_status == "pending"


@BOTH
def test_work_is_wrapped_up_and_completed(caller, ada, path_of):
    row = accepted(make_task(caller.workspace), ada)

    wrapped = caller.ask("POST", path_of(row), "ReservationStatus=wrapping")
    assert (wrapped["ETag"], wrapped.json()["reservation_status"]) == ('"3"', "wrapping")
    assert queries.task(row.task.sid).assignment_status == "wrapping"
    done = caller.ask("POST", path_of(row), "ReservationStatus=completed")

    assert (done["ETag"], done.json()["reservation_status"]) == ('"4"', "completed")
    assert queries.task(row.task.sid).assignment_status == "completed"


def test_the_time_of_the_last_change_is_told(caller, ada):
    row = accepted(make_task(caller.workspace), ada)

    caller.ask("POST", under_task(row), "ReservationStatus=wrapping")

    row = queries.reservation(row.sid)
    told = caller.ask("GET", under_task(row)).json()
    assert row.wrapping_at is not None
    assert row.wrapping_at > row.accepted_at
    assert told["date_updated"] == row.wrapping_at.strftime("%Y-%m-%dT%H:%M:%SZ")


@BOTH
@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("accepted", "accepted"),
        ("accepted", "rejected"),
        ("rejected", "accepted"),
        ("rejected", "rejected"),
        ("timeout", "accepted"),
        ("rescinded", "accepted"),
        ("canceled", "accepted"),
        ("completed", "completed"),
        ("pending", "wrapping"),
        ("pending", "completed"),
        ("pending", "pending"),
        ("pending", "timeout"),
        ("accepted", "canceled"),
        ("accepted", "rescinded"),
    ],
)
def test_a_move_that_is_not_legal_is_refused_in_twilios_words(caller, ada, path_of, state, wanted):
    row = in_state(caller, ada, state)

    answer = caller.ask("POST", path_of(row), f"ReservationStatus={wanted}")

    told = f"Reservation {row.sid} is already in state [{state}] and cannot be updated to [{wanted}]"
    assert refusal(answer, 400, 20001) == told
    assert queries.reservation(row.sid).reservation_status == state


def in_state(caller, ada, state):
    task = make_task(caller.workspace)
    if state == "rescinded":
        row, other = asked(task, ada, make_worker(caller.workspace, "Ben"))
        actions.accept(other, actor=SYSTEM)
        return queries.reservation(row.sid)
    row = offered(task, ada)
    if state in ("accepted", "completed"):
        actions.accept(row, actor=SYSTEM)
    if state == "completed":
        actions.complete_reservation(queries.reservation(row.sid), actor=SYSTEM)
    if state == "rejected":
        actions.reject(row, actor=SYSTEM)
    if state == "timeout":
        actions.expire(row)
    if state == "canceled":
        actions.cancel_task(queries.task(task.sid), reason="x", actor=SYSTEM)
    return queries.reservation(row.sid)


def test_an_offer_is_accepted_only_as_it_was_seen(caller, ada):
    row = offered(make_task(caller.workspace), ada)
    path = under_task(row)

    refusal(caller.ask("POST", path, "ReservationStatus=accepted", headers={"If-Match": '"2"'}), 412, 20412)
    assert queries.reservation(row.sid).reservation_status == "pending"
    taken = caller.ask("POST", path, "ReservationStatus=accepted", headers={"If-Match": '"1"'})
    late = caller.ask("POST", path, "ReservationStatus=accepted", headers={"If-Match": '"1"'})

    assert taken.status_code == 200
    refusal(late, 412, 20412)


@pytest.mark.parametrize(
    ("instruction", "state", "attributes", "code"),
    [
        ("call", "pending", {}, 40113),
        ("call", "accepted", {}, 40114),
        ("redirect", "pending", {}, 40122),
        ("redirect", "rejected", {}, 40123),
        ("dequeue", "pending", {}, 40140),
        ("dequeue", "pending", {"call_sid": "CA1"}, 40133),
        ("dequeue", "timeout", {}, 40135),
        ("conference", "pending", {}, 40142),
        ("conference", "pending", {"outbound_to": "+1"}, 40145),
        ("conference", "accepted", {}, 40136),
        ("supervise", "pending", {}, 40146),
        ("supervise", "accepted", {}, 40147),
    ],
)
def test_calls_are_refused_with_the_number_of_the_case(caller, instruction, state, attributes, code):
    row = in_state(caller, make_worker(caller.workspace, "Ada"), state)
    if attributes:
        actions.update_task(queries.task(row.task.sid), attributes=attributes, actor=SYSTEM)

    answer = caller.ask("POST", under_task(row), f"Instruction={instruction}&To=%2B15005550006&Timeout=5")

    assert "oice is not served yet" in refusal(answer, 400, code)
    assert queries.reservation(row.sid).version == row.version


def test_an_instruction_that_nobody_knows_is_refused(caller, ada):
    row = offered(make_task(caller.workspace), ada)

    refusal(caller.ask("POST", under_task(row), "Instruction=dance"), 400, 55555)
    refusal(caller.ask("POST", under_worker(row), "Instruction=supervise"), 400, 55555)
    contradiction = caller.ask("POST", under_task(row), "Instruction=accept&ReservationStatus=rejected")
    refusal(contradiction, 400, 20001)

    assert caller.ask("POST", under_task(row))["ETag"] == '"1"'


def test_a_call_cannot_be_made_for_a_task_in_transfer(caller, ada):
    ben = make_worker(caller.workspace, "Ben")
    first = accepted(make_task(caller.workspace), ada)
    actions.transfer(queries.task(first.task.sid), to=ben.sid, actor=SYSTEM)
    second = queries.open_reservations(ben).get()

    refusal(caller.ask("POST", under_task(second), "Instruction=call"), 400, 40151)
    refusal(caller.ask("POST", under_task(second), "Instruction=conference"), 400, 40142)


def test_lists_are_filtered_by_status_and_worker(caller, ada):
    ben = make_worker(caller.workspace, "Ben", capacity=5)
    first, second = asked(make_task(caller.workspace), ada, ben)
    other = accepted(make_task(caller.workspace), ada)

    def found(path, query=""):
        answer = caller.ask("GET", f"{path.rpartition('/')[0]}?{query}")
        return [row["sid"] for row in answer.json()["reservations"]]

    assert found(under_task(first)) == [first.sid, second.sid]
    assert found(under_task(first), f"WorkerSid={ben.sid}") == [second.sid]
    assert found(under_task(first), "ReservationStatus=accepted") == []
    assert found(under_worker(first)) == [first.sid, other.sid]
    assert found(under_worker(first), "ReservationStatus=accepted") == [other.sid]
    assert found(under_worker(first), "ReservationStatus=accepted,pending") == [first.sid, other.sid]
    assert found(under_worker(second)) == [second.sid]


@BOTH
def test_a_list_of_any_length_is_four_questions_to_the_database(caller, ada, path_of, django_assert_num_queries):
    ben = make_worker(caller.workspace, "Ben", capacity=5)
    first, _ = asked(make_task(caller.workspace), ada, ben)
    for _ in range(3):
        offered(make_task(caller.workspace), ada)
    path = path_of(first).rpartition("/")[0]
    caller.ask("GET", path)

    with django_assert_num_queries(4):
        assert len(caller.ask("GET", path).json()["reservations"]) > 1


# --- a worker's own key ---


def key_of(caller, worker):
    account = worker.workspace.account
    _, token = create_worker_key(account=account, worker_sid=worker.sid, friendly_name="Own", actor=SYSTEM)
    return Caller(*parse_token(token), caller.workspace)


@BOTH
def test_an_agents_own_key_answers_what_he_is_asked(caller, ada, path_of):
    row = offered(make_task(caller.workspace), ada)
    own = key_of(caller, ada)

    assert own.ask("GET", path_of(row)).json()["reservation_status"] == "pending"
    assert own.ask("POST", path_of(row), "ReservationStatus=accepted").status_code == 200
    late = own.ask("POST", path_of(row), "ReservationStatus=accepted")
    assert refusal(late, 400, 20001).endswith("is already in state [accepted] and cannot be updated to [accepted]")
    assert own.ask("POST", path_of(row), "ReservationStatus=completed").status_code == 200


@BOTH
def test_an_agents_own_key_finds_nothing_of_others(caller, ada, path_of):
    ben = make_worker(caller.workspace, "Ben")
    mine, his = asked(make_task(caller.workspace), ada, ben)
    alone = offered(make_task(caller.workspace), make_worker(caller.workspace, "Cy"))
    own = key_of(caller, ada)

    for row in (his, alone):
        refusal(own.ask("GET", path_of(row)), 404, 20404)
        refusal(own.ask("POST", path_of(row), "ReservationStatus=accepted"), 404, 20404)
    refusal(own.ask("GET", path_of(alone).rpartition("/")[0]), 404, 20404)

    listed = own.ask("GET", path_of(mine).rpartition("/")[0]).json()["reservations"]
    assert [row["sid"] for row in listed] == [mine.sid]
    assert queries.reservation(his.sid).reservation_status == "pending"


def test_an_agents_own_key_changes_no_task(caller, ada):
    row = offered(make_task(caller.workspace), ada)
    path = f"Workspaces/{caller.workspace.sid}/Tasks"

    for method, where in (
        ("GET", path),
        ("POST", path),
        ("POST", f"{path}/{row.task.sid}"),
    ):
        refusal(key_of(caller, ada).ask(method, where, "Priority=1"), 403, 20403)
