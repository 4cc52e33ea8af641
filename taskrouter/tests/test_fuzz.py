"""Whatever is sent to whatever resource is answered or refused: never a failure of ours."""

from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from taskrouter.resources import RESOURCES
from taskrouter.tests.conftest import make_caller
from taskrouter.tests.test_tenancy import path_of, strange

# Text of every kind, and what comes near to being right.
WORDS = ["", "0", "1", "-1", "50", "1" * 30, "true", "FIFO", "%", "\0"]
NEAR = ["{}", "[]", "1==1", "a HAS", "a:asc", "DateUpdated:desc", "WA" + "0" * 32, "https://example.com/%"]
SIGNS = st.text(alphabet="{}[]():,.'\"=<>! ANDORHS01", max_size=30)
VALUES = st.one_of(st.sampled_from(WORDS + NEAR), st.text(max_size=70), SIGNS)
PAGING = ["PageSize", "Page", "PageToken"]


class TestEveryResource(TestCase):
    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_nothing_that_is_sent_makes_it_fail(self, data):
        caller = make_caller("Acme")
        resource = data.draw(st.sampled_from(RESOURCES))
        verb = data.draw(st.sampled_from([each for each in resource.operations if each != "retrieve"]))
        forms = {"list": resource.filters, "create": resource.new, "update": resource.changes}
        parameters = [*forms[verb].parameters, *(PAGING if verb == "list" else [])] if verb in forms else []
        chosen = data.draw(st.lists(st.sampled_from(parameters), unique=True)) if parameters else []
        query = urlencode([(name, data.draw(VALUES)) for name in chosen])
        names = strange(caller.workspace)[resource.__name__]
        path = path_of(resource, **(names if verb in ("update", "destroy") else {**names, "sid": None}))

        if verb == "list":
            answer = caller.ask("GET", f"{path}?{query}")
        else:
            answer = caller.ask("DELETE" if verb == "destroy" else "POST", path, query)

        assert answer.status_code in (200, 201, 204, 400)
        if answer.status_code == 400:
            assert answer.json()["code"] in (20001, 40153, 55555)
