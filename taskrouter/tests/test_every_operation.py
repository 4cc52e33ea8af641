"""All 61 operations of the specification with whatever parameters and bodies: answered or refused, never a 500."""

import json
import re
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from eventlog.models import Event
from taskrouter.tests.conftest import FORM, make_caller
from taskrouter.tests.test_fuzz import NEAR, SIGNS, WORDS
from taskrouter.tests.test_tenancy import strange
from tests.sdk.specification import OPERATIONS

STATES = ["pending", "reserved", "assigned", "accepted", "rejected", "wrapping", "completed", "canceled", "timeout"]
MOMENTS = ["2026-01-02T03:04:05Z", "2026-01-02", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "1e9"]
DOCUMENTS = ['{"a": {"b": [1, null]}}', '{"task_routing": {}}', '{"a": 1e999}', "[" * 500, '{"a": "\\ud800"}']
SPLITS = ["5,10", "0", "-1,5", ",", "5,5", "1" * 30]
HEADERS = [{}, {"If-Match": '"1"'}, {"If-Match": "*"}, {"If-Match": "\\"}, {"Accept-Language": "es"}]
TYPES = [FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", ""]
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["QueueSids", "x"]), inner, max_size=2),
    max_leaves=5,
)


def places_in(workspace):
    """By the last word before it in a path the sid of something that is there."""
    named = strange(workspace)
    event = Event.objects.filter(workspace_sid=workspace.sid).first()
    return {
        "Workspaces": workspace.sid,
        **{name: named[name]["sid"] for name in ("Activities", "TaskChannels", "TaskQueues", "Workers", "Workflows")},
        "Tasks": named["Tasks"]["sid"],
        "Channels": named["WorkerChannels"]["sid"],
        "Reservations": named["TaskReservations"]["sid"],
        "Events": event.sid,
    }


def path_of(operation, places):
    """From below ``/v1/``, with sids in their places."""
    path = re.sub(r"(\w+)/\{\w+\}", lambda found: f"{found[1]}/{places[found[1]]}", operation.path)
    return path.removeprefix("/v1/")


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_path_leads_to_something_in_the_workspace(caller, name):
    """Or else the walk below would see nothing but what is not there."""
    operation = OPERATIONS[name]
    answer = caller.ask("GET", path_of(operation, places_in(caller.workspace)))

    assert answer.status_code == (405 if name == "CreateTaskQueueBulkRealTimeStatistics" else 200)


class TestEveryOperation(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.caller = make_caller("Acme")
        cls.places = places_in(cls.caller.workspace)

    @settings(max_examples=5 * len(OPERATIONS), suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_nothing_that_is_sent_makes_it_fail(self, data):
        operation = data.draw(st.sampled_from(list(OPERATIONS.values())))
        near = [*WORDS, *NEAR, *STATES, *MOMENTS, *DOCUMENTS, *SPLITS, *self.places.values()]
        values = st.one_of(st.sampled_from(near), st.sampled_from(near), st.text(max_size=70), SIGNS)
        parameters = [*operation.query, *operation.form]
        chosen = data.draw(st.lists(st.sampled_from(parameters), unique=True, max_size=5)) if parameters else []
        query = urlencode([(name, data.draw(values)) for name in chosen])
        path = path_of(operation, self.places)
        headers = data.draw(st.sampled_from(HEADERS))

        if operation.method == "GET":
            answer = self.caller.ask("GET", f"{path}?{query}", headers=headers)
        elif operation.form or operation.method == "DELETE":
            answer = self.caller.ask(operation.method, path, query, headers=headers)
        else:
            body, kind = json.dumps(data.draw(BODIES)), data.draw(st.sampled_from(TYPES))
            answer = self.caller.ask("POST", path, body, content_type=kind, headers=headers)

        assert answer.status_code in (200, 201, 204, 400, 404, 412, 415, 429), answer.content
        if answer.status_code >= 400:
            assert set(answer.json()) == {"code", "message", "more_info", "status"}
