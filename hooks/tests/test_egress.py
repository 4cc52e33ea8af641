"""The way out, against hostile resolvers and a real receiver."""

import ssl
import threading
import time

import pytest

from hooks import egress
from hooks.tests.receiver import answer, certificate, receiver
from kernel.errors import Invalid

PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def _closed(settings):
    settings.EGRESS_ALLOW = []


def resolving(*addresses):
    """A resolver that always says this, and counts how often it was asked."""

    def resolve(host, port):
        resolve.asked.append((host, port))
        return list(addresses)

    resolve.asked = []
    return resolve


@pytest.fixture
def dialled(monkeypatch):
    """Where connections would have gone; none is made."""
    made = []

    def connect(address, timeout=None):
        made.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(egress.socket, "create_connection", connect)
    return made


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "fd00::1"],
        [],
        ["not an address"],
    ],
)
def test_a_name_that_leads_inside_is_refused_before_any_connection(addresses, dialled):
    with pytest.raises(egress.Refused):
        egress.post("https://bot.example.com/hook", body=b"{}", headers={}, resolve=resolving(*addresses))

    assert dialled == []


def test_the_connection_goes_to_the_address_that_was_checked(dialled):
    resolve = resolving(PUBLIC)

    with pytest.raises(egress.Unreachable):
        egress.post("https://bot.example.com:8443/hook", body=b"{}", headers={}, resolve=resolve)

    assert resolve.asked == [("bot.example.com", 8443)]
    assert dialled == [(PUBLIC, 8443)]


def test_plain_http_goes_only_where_the_operator_said(settings, dialled):
    settings.EGRESS_ALLOW = ["10.0.0.0/8"]

    with pytest.raises(egress.Refused, match="plain http"):
        egress.post("http://bot.example.com/hook", body=b"{}", headers={}, resolve=resolving("10.0.0.1", PUBLIC))

    assert dialled == []


def test_a_name_that_cannot_be_resolved_is_unreachable():
    def resolve(host, port):
        raise OSError("no such name")

    with pytest.raises(egress.Unreachable, match="could not be resolved"):
        egress.post("https://bot.example.com/", body=b"", headers={}, resolve=resolve)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bot.example.com/hook",
        "ftp://bot.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://user:pass@bot.example.com/",
        "https://user@bot.example.com/",
        "https://bot.example.com:0/",
        "https://bot.example.com:99999/",
        "https://bot.example.com/a b",
        "https://bot.example.com\\@127.0.0.1/",
        "https://bot.example.com/\r\nHost: x",
        "https://[::1",
        "http://bot.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://x.localhost/",
        "https://169.254.169.254/latest/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127\u30020\u30020\u30021/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://bot.example.com/" + "a" * 2048,
    ],
)
def test_a_url_that_can_only_be_wrong_is_refused_at_the_field(url):
    with pytest.raises(Invalid) as refused:
        egress.check_url(url)

    assert refused.value.field == "url"


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ([], "https://bot.example.com/hook?x=1"),
        ([], "https://bot.example.com:8443/"),
        ([], "https://93.184.216.34/"),
        (["127.0.0.0/8"], "http://127.0.0.1:9000/hook"),
        (["127.0.0.0/8"], "http://localhost:9000/hook"),
        (["bot.internal:8080"], "http://bot.internal:8080/"),
        (["10.0.0.0/8"], "http://bot.internal/"),
    ],
)
def test_a_url_that_may_be_right_is_taken(settings, allow, url):
    settings.EGRESS_ALLOW = allow

    egress.check_url(url)


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost."])
def test_other_spellings_of_the_loopback_are_refused_by_where_they_lead(host):
    with pytest.raises((egress.Refused, egress.Unreachable)):
        egress.post(f"https://{host}/", body=b"", headers={})


def test_a_post_arrives_with_its_headers(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver(respond=answer(202, b"thanks")) as there:
        got = egress.post(there.url("/a?b=c"), body=b'{"n":1}', headers={"webhook-id": "EV1"})

    assert (got.status, got.body) == (202, b"thanks")
    path, headers, body = there.requests[0]
    assert (path, body) == ("/a?b=c", b'{"n":1}')
    assert headers["webhook-id"] == "EV1"
    assert headers["host"] == f"127.0.0.1:{there.port}"
    assert "cookie" not in headers


def test_host_sni_and_certificate_keep_the_name_while_the_address_is_ours(settings, tmp_path, monkeypatch):
    context, chain = certificate(tmp_path, "bot.internal")
    monkeypatch.setattr(egress, "_tls", lambda: ssl.create_default_context(cafile=str(chain)))
    with receiver(tls=context) as there:
        settings.EGRESS_ALLOW = [f"bot.internal:{there.port}"]
        got = egress.post(there.url(host="bot.internal"), body=b"x", headers={}, resolve=resolving("127.0.0.1"))

    assert got.status == 204
    assert there.server_names == ["bot.internal"]
    assert there.requests[0][1]["host"] == f"bot.internal:{there.port}"


def test_a_certificate_for_another_name_is_not_accepted(settings, tmp_path, monkeypatch):
    context, chain = certificate(tmp_path, "other.internal")
    monkeypatch.setattr(egress, "_tls", lambda: ssl.create_default_context(cafile=str(chain)))
    with receiver(tls=context) as there:
        settings.EGRESS_ALLOW = [f"bot.internal:{there.port}"]
        with pytest.raises(egress.Unreachable, match="TLS"):
            egress.post(there.url(host="bot.internal"), body=b"x", headers={}, resolve=resolving("127.0.0.1"))

    assert there.requests == []


def test_an_unknown_authority_is_not_accepted(settings, tmp_path):
    context, _ = certificate(tmp_path, "bot.internal")
    with receiver(tls=context) as there:
        settings.EGRESS_ALLOW = [f"bot.internal:{there.port}"]
        with pytest.raises(egress.Unreachable, match="TLS"):
            egress.post(there.url(host="bot.internal"), body=b"x", headers={}, resolve=resolving("127.0.0.1"))

    assert there.requests == []


def test_redirects_are_not_followed(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver() as inside, receiver(respond=answer(307, location=inside.url())) as there:
        got = egress.post(there.url(), body=b"secret", headers={})

    assert got.status == 307
    assert inside.requests == []


def test_proxies_of_the_environment_are_not_asked(settings, monkeypatch):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver() as proxy, receiver() as there:
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.setenv("HTTP_PROXY", proxy.url(""))
        monkeypatch.setenv("ALL_PROXY", proxy.url(""))
        egress.post(there.url(), body=b"", headers={})

    assert (len(there.requests), proxy.requests) == (1, [])


def test_only_the_beginning_of_a_long_answer_is_read(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver(respond=answer(200, b"x" * 5_000_000)) as there:
        got = egress.post(there.url(), body=b"", headers={})

    assert len(got.body) == egress.ANSWER_BYTES


def test_an_answer_that_drips_is_cut_when_the_time_is_over(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]

    over = threading.Event()

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(90):  # Never a pause that a read time-out would notice.
            handler.wfile.write(b"x-drop: 1\r\n")
            over.wait(0.05)

    with receiver(respond=drip) as there:
        began = time.monotonic()
        with pytest.raises(egress.Unreachable, match="no complete answer"):
            egress.post(there.url(), body=b"", headers={}, seconds=0.3)
        over.set()

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("garbage", [b"", b"\x00\x01\x02", b"HTTP/1.1 200 OK\r\n" + b"a" * 100_000, b"SSH-2.0-x\r\n"])
def test_garbage_is_told_without_quoting_it(settings, garbage):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]

    def respond(handler):
        handler.wfile.write(garbage)
        handler.close_connection = True

    with receiver(respond=respond) as there, pytest.raises(egress.Unreachable) as told:
        egress.post(there.url(), body=b"", headers={}, seconds=2)

    assert "SSH" not in str(told.value)


def test_a_file_is_fetched_whole_or_not_at_all(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver(respond=answer(200, b"x" * 100_000)) as there:
        got = egress.get(there.url("/a.png"), most=100_000)
        with pytest.raises(egress.Oversize):
            egress.get(there.url("/a.png"), most=99_999)

    assert (got.status, len(got.body)) == (200, 100_000)
    assert [(path, body) for path, _, body in there.requests] == [("/a.png", b"")] * 2


def test_a_file_is_not_fetched_from_inside_nor_over_a_redirect(settings):
    with receiver(respond=answer(302, location="http://127.0.0.1/")) as there:
        with pytest.raises(egress.Refused):
            egress.get(there.url(), most=10)
        assert there.requests == []
        settings.EGRESS_ALLOW = ["127.0.0.0/8"]
        assert egress.get(there.url(), most=10).status == 302
    assert len(there.requests) == 1
