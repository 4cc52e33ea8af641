import pytest

from contactcenter.sockets import KnownOrigin, Nowhere, is_trusted
from contactcenter.tests.asgi import Exchange


@pytest.fixture(autouse=True)
def origins(settings):
    settings.TRUSTED_ORIGINS = ["https://cc.example.com", "http://127.0.0.1:8000"]


@pytest.mark.parametrize("origin", ["https://cc.example.com", "https://cc.example.com:443", "http://127.0.0.1:8000"])
def test_our_own_origins_are_trusted(origin):
    assert is_trusted(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://cc.example.com",
        "https://cc.example.com:8443",
        "https://cc.example.com.evil.example",
        "https://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "null",
        "",
        "https://",
        "https://[::1",
    ],
)
def test_other_origins_are_not(origin):
    assert not is_trusted(origin)


async def open_socket(app, *, origin=None):
    headers = [(b"origin", origin.encode())] if origin is not None else []
    exchange = Exchange([{"type": "websocket.connect"}])
    scope = {"type": "websocket", "path": "/ws/desk", "headers": headers, "root_path": ""}
    await app(scope, exchange.receive, exchange.send)
    return exchange.sent


async def test_forged_origin_is_told_why_and_reaches_nobody():
    reached = []

    async def consumer(*arguments):
        reached.append(arguments)

    sent = await open_socket(KnownOrigin(consumer), origin="https://evil.example")

    assert sent == [
        {"type": "websocket.accept"},
        {"type": "websocket.close", "code": 4403, "reason": "origin not allowed"},
    ]
    assert reached == []


@pytest.mark.parametrize("origin", ["https://cc.example.com", None])
async def test_our_pages_and_programs_reach_the_consumer(origin):
    reached = []

    async def consumer(*arguments):
        reached.append(arguments)

    sent = await open_socket(KnownOrigin(consumer), origin=origin)

    assert sent == []
    assert len(reached) == 1


async def test_unknown_path_closes_with_4404():
    sent = await open_socket(Nowhere())

    assert sent[-1] == {"type": "websocket.close", "code": 4404, "reason": "no such socket"}
