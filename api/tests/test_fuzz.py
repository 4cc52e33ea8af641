"""No input whatever makes the API fail: it answers, refuses, and never breaks."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.tests.test_handoffs import ALL, CHANNEL, PATH
from kernel import sids

TRIES = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
known = st.sampled_from(sorted([*ALL, "conversation", "skills", "unknown"]))
nearly_right = st.dictionaries(known, anything, max_size=4).map(lambda odd: {**ALL, **odd})
channels = st.dictionaries(st.sampled_from(["type", "from", "to", "x"]), anything | st.text(), max_size=4)
with_odd_channel = channels.map(lambda odd: {**ALL, "channel": {**CHANNEL, **odd}})


@pytest.fixture(autouse=True)
def _raise_nothing(bot):
    bot.client.raise_request_exception = False


@TRIES
@given(body=nearly_right | with_odd_channel | anything)
def test_hand_offs_of_any_shape(bot, body):
    response = bot.post(PATH, json.dumps(body))

    assert response.status_code in (200, 201, 400, 404, 409)
    assert isinstance(response.json(), dict)


@TRIES
@given(raw=st.binary(max_size=300))
def test_bodies_of_any_bytes(bot, raw):
    assert bot.post(PATH, raw).status_code == 400


@TRIES
@given(body=st.fixed_dictionaries({"body": st.text(max_size=50) | anything}, optional={"ref": st.text() | anything}))
def test_messages_of_any_shape(desk, bot, body):
    conversation = desk.conversation()

    response = bot.post(f"/api/v1/conversations/{conversation.sid}/messages", json.dumps(body))

    assert response.status_code in (201, 400)


@TRIES
@given(
    query=st.dictionaries(
        st.sampled_from(["page_size", "page_token", "before", "limit", "x"]),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.just(sids.new("HO")),
    ),
    path=st.sampled_from([PATH, f"/api/v1/conversations/{sids.new('CH')}/messages"]),
)
def test_queries_of_any_shape(bot, query, path):
    assert bot.get(path, **query).status_code in (200, 400, 404)


@TRIES
@given(
    query=st.dictionaries(
        st.sampled_from(["page_size", "page_token", "reason", "worker", "task_channel", "x"]),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.sampled_from(["free", sids.new("WK")]),
    )
)
def test_questions_of_any_shape(desk, bot, query):
    path = f"/api/v1/queues/{desk.queue.sid}/why"

    assert bot.get(path, **query).status_code in (200, 400)


@TRIES
@given(header=st.text(st.characters(max_codepoint=255), max_size=300))
def test_headers_of_any_text(bot, header):
    own = bot.client.get(PATH, headers={"Authorization": header})
    key = bot.client.post(
        PATH, json.dumps(ALL), content_type="application/json", headers=bot.headers(**{"Idempotency-Key": header})
    )

    assert own.status_code in (401, 429)
    assert key.status_code in (200, 201, 400)
