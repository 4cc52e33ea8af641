"""What stands in an address by hand is no number: the pages say so, or do without it."""

import pytest

from routing.tests.office import page, queue, sales_first, workflow
from tests.office import enter
from tests.people import full_house

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
