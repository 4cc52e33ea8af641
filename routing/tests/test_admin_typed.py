"""What people type by hand where a number or JSON belongs: the pages say so, or do without it."""

import pytest

from agents import actions as agents
from kernel.actor import SYSTEM
from kernel.errors import Invalid
from routing import actions
from routing.tests.office import page, queue, sales_first, workflow
from tests.office import enter
from tests.people import available, full_house

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["²", "9" * 5000, "-1", "\0", "x"])
def test_a_page_survives_what_is_no_number(typed):
    home = full_house()
    drawn = workflow(home, sales_first(queue(home), queue(home, "Sales")))
    bo = enter(home, "Bo")

    answers = [
        bo.get(page("versions", drawn.pk), {"before": typed}),
        bo.get(page("try_out", drawn.pk), {"p": typed, "task": typed, "q": typed}),
        bo.get("/admin/routing/taskqueue/match/", {"workspace": typed, "expression": "1==1"}),
        bo.get("/admin/routing/replay/add/", {"workflow": typed}),
        bo.post(page("look"), {"workflow": typed, "configuration": "{}"}),
        bo.post(page("look"), {"workspace": typed, "configuration": "{}"}),
        bo.post(page("look"), {"timeout": typed, "configuration": "{}"}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 404}


NO_JSON = ['{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": NaN}', "[" * 5000, '{"a": ' + "9" * 5000 + "}"]


@pytest.mark.parametrize("typed", NO_JSON)
def test_json_that_no_database_takes_is_refused_in_the_form(typed):
    home = full_house()
    drawn = workflow(home, sales_first(queue(home), queue(home, "Sales")))
    ada = home.workers["Ada"]
    bo = enter(home, "Bo")

    tried = bo.post(page("try_out", drawn.pk), {"attributes": typed, "task_channel": "default", "against": "published"})
    saved = bo.post(f"/admin/agents/worker/{ada.pk}/change/", {"friendly_name": "Ada", "other": typed})

    assert tried.context["form"].errors.keys() == {"attributes"}
    assert "other" in saved.context["adminform"].form.errors


@pytest.mark.parametrize("attributes", [{"a": "\0"}, {"a": "\ud800"}, {"a": float("nan")}])
def test_attributes_that_no_database_takes_are_refused_by_the_verbs(attributes):
    home = full_house()
    drawn = workflow(home, sales_first(queue(home), queue(home, "Sales")))

    with pytest.raises(Invalid):
        actions.create_task(home.workspace, attributes=attributes, workflow=drawn, actor=SYSTEM)
    with pytest.raises(Invalid):
        agents.update_worker(home.workers["Ada"], attributes=attributes, actor=SYSTEM)


def test_the_list_of_queues_reads_the_workers_once(django_assert_max_num_queries):
    home = full_house()
    available(home, "Ada")
    for number in range(12):
        queue(home, f"Queue {number}", "skills HAS 'support'")
    bo = enter(home, "Bo")

    with django_assert_max_num_queries(1000) as asked:
        shown = bo.get("/admin/routing/taskqueue/").content.decode()

    of_workers = [each["sql"] for each in asked if 'FROM "agents_worker"' in each["sql"] and "SUM(" not in each["sql"]]
    assert len(of_workers) <= 3
    assert shown.count("2 (1)") == 12
