"""What the editor says while one types."""

import json
from typing import Any

import pytest

from routing.core import checks as core_checks
from routing.preview import checks
from routing.tests.office import page, queue, rows_of, sales_first, workflow
from tests.office import enter
from tests.people import House, available, full_house

pytestmark = pytest.mark.django_db


def look(home: House, **posted: Any) -> Any:
    return enter(home, "Bo").post(page("look"), posted).json()


def packed(document: dict[str, Any], **changes: str) -> str:
    return json.dumps(rows_of(json.dumps({"task_routing": document})) | changes)


def test_each_target_tells_who_serves_it() -> None:
    home = full_house()
    available(home, "Ada")
    document = sales_first(queue(home), queue(home, "Sales", "skills HAS 'sales'"))

    told = look(home, rules=packed(document, **{"rules-0-1-expression": "worker.friendly_name == 'Ben'"}))

    assert "1 agent, 1 available" in told["crews"]["0-0"]
    assert "Ada" in told["crews"]["0-0"]
    assert "1 agent, 0 available" in told["crews"]["0-1"]
    assert "Ben" in told["crews"]["0-1"]
    assert "2 agents, 1 available" in told["crews"]["default"]


def test_an_expression_that_asks_the_task_leaves_the_whole_queue() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales"))

    told = look(home, rules=packed(document, **{"rules-0-1-expression": "worker.level > task.level"}))

    assert "2 agents, 0 available" in told["crews"]["0-1"]
    assert "depending on the task" in told["crews"]["0-1"]


def test_what_the_checks_find_stands_at_its_row_and_in_the_list() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales"))
    document["filters"].append({"expression": "topic == 'sales' AND vip == true", "targets": [{"queue": ""}]})
    chess = queue(home, "Chess", "skills HAS 'chess'")

    told = look(home, rules=packed(document, **{"rules-1-0-queue": chess.sid}))

    assert told["stands"] is True
    assert "takes all of them before" in told["says"]["1"]
    assert "No worker matches Chess." in told["says"]["1-0"]
    assert '<a href="#row-1-0">Filter 2, target 1</a>' in told["list"]
    assert "Filter 2" not in told["says"]["1-0"]


def test_a_mistake_is_told_at_its_row_and_the_rest_stays() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales"))

    told = look(home, rules=packed(document, **{"rules-0-expression": "topic =="}))

    assert told["stands"] is False
    assert list(told["says"]) == ["0"]
    assert "Line 1, column 9" in told["says"]["0"]
    assert set(told["crews"]) == {"0-0", "0-1", "default"}


def test_rows_are_known_by_the_names_that_the_page_gave_them() -> None:
    home = full_house()
    support = queue(home)
    given = {
        "rules-new7-expression": "",
        "rules-new7-0-queue": "",
        "rules-new3-expression": "1 == 2",
        "rules-new3-new4-queue": support.sid,
        "rules-default-queue": support.sid,
    }

    told = look(home, rules=json.dumps(given))

    assert "This can never hold." in told["says"]["new3"]
    assert set(told["crews"]) == {"new3-new4", "default"}


def test_a_document_is_looked_through_as_well() -> None:
    home = full_house()
    support = queue(home)
    good = json.dumps({"task_routing": {"default_filter": {"queue": support.sid, "priority": "0"}}})

    assert "0 is the lowest priority" in look(home, configuration=good)["says"]["default"]
    assert "this is not JSON" in look(home, configuration=good[:-1])["list"]


def test_nothing_to_find_is_said_too() -> None:
    home = full_house()
    support = queue(home)

    told = look(home, rules=json.dumps({"rules-default-queue": support.sid}))

    assert "The checks find nothing." in told["list"]
    assert told["says"] == {}


def test_the_time_to_answer_is_the_workflows_own() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales"))
    row = workflow(home, document)  # 120 seconds.

    assert "An agent has 120 seconds" in look(home, workflow=row.pk, rules=packed(document))["list"]
    assert "An agent has" not in look(home, timeout="60", rules=packed(document))["list"]


def test_looking_is_a_post_of_somebody_who_may_see() -> None:
    home = full_house()

    assert enter(home, "Bo").get(page("look")).status_code == 405
    assert enter(home, "Bo").post(page("look"), {"workflow": "99999", "rules": "{}"}).status_code == 404


def test_every_finding_has_its_words() -> None:
    from pathlib import Path
    from re import findall

    folder = Path(core_checks.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    named = set(findall(r'(?:Finding|_unknown)\(\s*"([a-z-]+)"', text))
    unknown = {"task-unknown", "worker-unknown", "order-unknown"}

    assert named - set(checks.WORDS) == set()
    assert {f"{code}-near" for code in unknown} | {"queue-worker-unknown", "queue-worker-unknown-near"} <= set(
        checks.WORDS
    )
    assert {"taken-before", "same-taken-before", "after-timeout", "same-after-timeout"} <= set(checks.WORDS)
    assert len(named) > 20


def test_the_document_follows_the_rows() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales"))

    told = look(home, rules=packed(document, **{"rules-0-0-priority": "9", "rules-0-0-timeout": "soon"}))

    first = json.loads(told["document"])["task_routing"]["filters"][0]["targets"][0]
    assert (first["priority"], first["timeout"]) == (9, "soon")
    assert told["wrong"] == "rules-0-0-timeout"
    assert "rules" not in told


def test_the_rows_follow_the_document() -> None:
    home = full_house()
    document = sales_first(queue(home), queue(home, "Sales")) | {"default_filter": {"queue": "WQgone", "priority": 9}}

    told = look(home, configuration=json.dumps({"task_routing": document}))

    assert 'name="rules-default-priority" value="9"' in told["rules"]
    assert "unknown: WQgone" in told["rules"]
    assert told["wrong"] == "rules-default-queue"
    assert "document" not in told


def test_what_is_no_document_moves_no_row() -> None:
    told = look(full_house(), configuration='{"task_routing": ')

    assert not {"rules", "document"} & told.keys()
    assert "Line 1, column 18" in told["list"]


def test_what_many_filters_are_told_stands_once_in_the_list() -> None:
    home = full_house()
    chess = queue(home, "Chess", "skills HAS 'chess'")
    rules = [{"expression": f"topic == '{name}'", "targets": [{"queue": chess.sid}]} for name in "abcde"]

    told = look(home, configuration=json.dumps({"task_routing": {"filters": rules}}))

    assert told["list"].count("No worker matches Chess.") == 1
    assert "and 2 more" in told["list"]
    assert all("No worker matches Chess." in told["says"][f"{number}-0"] for number in range(5))
