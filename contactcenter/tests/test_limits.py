import asyncio

import pytest

from contactcenter.limits import BODY_LIMIT, MIB, Limits, body_limit
from contactcenter.tests.asgi import Exchange, body, http_scope


class Application:
    """Reads the whole body, waits where it is told to, answers 200."""

    def __init__(self) -> None:
        self.scopes = []
        self.bodies = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.started = asyncio.Semaphore(0)

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        self.started.release()
        await self.go_on.wait()
        whole = b""
        while True:
            message = await receive()
            whole += message["body"]
            if not message["more_body"]:
                break
        self.bodies.append(whole)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(limits, *, scope=None, messages=None):
    exchange = Exchange(messages or body(b""))
    await limits(scope or http_scope(), exchange.receive, exchange.send)
    return exchange


async def test_declared_length_beyond_limit_is_refused_unread():
    application = Application()

    scope = http_scope(headers={"Content-Length": str(BODY_LIMIT + 1)})
    exchange = await ask(Limits(application), scope=scope)

    assert exchange.status == 413
    assert exchange.headers[b"connection"] == b"close"
    assert application.scopes == []


async def test_body_of_exactly_the_limit_passes():
    application = Application()

    scope = http_scope(headers={"Content-Length": str(BODY_LIMIT)})
    exchange = await ask(Limits(application), scope=scope, messages=body(b"x" * BODY_LIMIT))

    assert exchange.status == 200
    assert len(application.bodies[0]) == BODY_LIMIT


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "10"}, {"Content-Length": "nonsense"}])
async def test_undeclared_length_is_counted(headers):
    application = Application()

    chunks = [b"x" * (BODY_LIMIT // 2)] * 3
    exchange = await ask(Limits(application), scope=http_scope(headers=headers), messages=body(*chunks))

    assert exchange.status == 413
    assert application.bodies == []


async def test_phones_may_send_pictures():
    application = Application()

    scope = http_scope("/phones/send", headers={"Content-Length": str(5 * MIB)})
    exchange = await ask(Limits(application), scope=scope, messages=body(b"x" * (5 * MIB)))

    assert exchange.status == 200
    assert body_limit("/phones/send") == 6 * MIB
    assert body_limit("/phones/send/other") == MIB


async def test_beyond_running_and_waiting_comes_503_and_the_rest_is_served():
    application = Application()
    application.go_on.clear()
    limits = Limits(application, running=2, waiting=1)

    taken = [asyncio.create_task(ask(limits)) for _ in range(3)]
    for _ in range(2):
        await application.started.acquire()
    refused = await ask(limits)

    assert refused.status == 503
    assert refused.headers[b"retry-after"] == b"1"
    assert len(application.scopes) == 2, "the third waits"
    application.go_on.set()
    assert [exchange.status for exchange in await asyncio.gather(*taken)] == [200, 200, 200]
    assert limits.in_flight == 0
    assert (await ask(limits)).status == 200


async def test_a_full_process_still_tells_how_it_is():
    application = Application()
    application.go_on.clear()
    limits = Limits(application, running=1, waiting=0)
    busy = asyncio.create_task(ask(limits))
    await application.started.acquire()

    question = asyncio.create_task(ask(limits, scope=http_scope("/healthz")))
    await application.started.acquire()

    application.go_on.set()
    assert (await question).status == 200
    assert (await busy).status == 200


async def test_root_path_from_a_header_is_dropped():
    application = Application()

    await ask(Limits(application), scope=http_scope(root_path="//evil.example"))

    assert application.scopes[0]["root_path"] == ""


async def test_who_takes_an_answer_slowly_keeps_nobody_out():
    slow, begun = asyncio.Event(), asyncio.Event()

    async def in_parts(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        begun.set()
        await slow.wait()
        await send({"type": "http.response.body", "body": b"b"})

    limits = Limits(in_parts, running=1, waiting=0)
    first = asyncio.create_task(ask(limits))
    await begun.wait()
    begun.clear()

    second = asyncio.create_task(ask(limits))
    await asyncio.wait_for(begun.wait(), 5)

    assert limits.in_flight == 2
    slow.set()
    assert [(await done).sent[-1]["body"] for done in (first, second)] == [b"b", b"b"]
    assert limits.in_flight == 0
