import threading

import pytest
from django.db import connection
from django.http import FileResponse, HttpResponse
from django.urls import path

from contactcenter.handler import Handler
from contactcenter.tests.asgi import Exchange, body, http_scope

pytestmark = pytest.mark.django_db(transaction=True)

seen: dict[str, object] = {}


def echo(request):
    seen["thread"] = threading.current_thread().name
    connection.ensure_connection()
    return HttpResponse(request.body)


def file(request):
    return FileResponse(open(__file__, "rb"))


def broken(request):
    raise RuntimeError("told to nobody")


def query(request):
    return HttpResponse(str(len(request.GET)))


urlpatterns = [path("echo", echo), path("file", file), path("broken", broken), path("query", query)]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]


@pytest.fixture(autouse=True)
def site(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = MIDDLEWARE
    settings.ALLOWED_HOSTS = ["cc.example.com"]
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    seen.clear()


async def ask(name, *chunks, host="cc.example.com"):
    exchange = Exchange(body(*(chunks or (b"",))))
    scope = http_scope(f"/{name}", headers={"host": host}, query_string=b"", scheme="http", client=["127.0.0.1", 1])
    await Handler()(scope, exchange.receive, exchange.send)
    return exchange


def content(exchange) -> bytes:
    return b"".join(message.get("body", b"") for message in exchange.sent[1:])


async def test_view_answers_from_a_thread_of_the_pool():
    exchange = await ask("echo", b"half ", b"and half")

    assert exchange.status == 200
    assert content(exchange) == b"half and half"
    assert str(seen["thread"]).startswith("http")


async def test_file_comes_whole_and_in_parts():
    exchange = await ask("file")

    assert exchange.status == 200
    with open(__file__, "rb") as whole:
        assert content(exchange) == whole.read()
    assert exchange.sent[-1].get("more_body", False) is False


async def test_broken_view_is_a_500_without_its_message():
    exchange = await ask("broken")

    assert exchange.status == 500
    assert b"told to nobody" not in content(exchange)


async def test_unknown_host_is_a_400():
    assert (await ask("echo", host="evil.example")).status == 400


async def test_client_that_left_before_its_body_came_gets_nothing():
    exchange = Exchange([{"type": "http.disconnect"}])

    await Handler()(http_scope("/echo"), exchange.receive, exchange.send)

    assert exchange.sent == []
    assert seen == {}


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8"])
async def test_more_parameters_than_anybody_has_are_a_400(kind):
    headers = {"host": "cc.example.com", "content-type": kind}
    exchange = Exchange(body(b""))
    scope = http_scope("/query", headers=headers, query_string=b"a&" * 1500, scheme="http", client=["127.0.0.1", 1])

    await Handler()(scope, exchange.receive, exchange.send)

    assert exchange.status == 400
