"""Making callbacks: signed, as Twilio makes them, and made again when nobody was there to take one."""

import logging
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urldefrag, urlencode, urlsplit

import certifi
from django.conf import settings
from django.db import transaction
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from carriers.twilio.signature import sign
from carriers.twin import actions, download, outbox
from carriers.twin.download import Fetched
from carriers.twin.models import TwinCallback
from carriers.twin.outbox import Outcome
from kernel import clock

log = logging.getLogger(__name__)

AT_ONCE = 16
# For so long after its last work a worker waits for more.
LINGER_SECONDS = 0.5
# Between two looks: what falls due and what comes to its end in the meantime is written together.
_LOOK_SECONDS = 0.02
# Twilio gives a webhook 15 s: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
_TIMEOUT = Timeout(connect=3.0, read=15.0)
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
# Of an answer so much is read, so that the next request takes the same connection.
_SHORT = 16 * 1024

_connections = PoolManager(num_pools=32, maxsize=AT_ONCE, timeout=_TIMEOUT, retries=False, ca_certs=certifi.where())
_working = threading.Lock()


def work(*, linger_seconds: float = LINGER_SECONDS) -> int:
    """Make what is due, and what falls due before nothing was for ``linger_seconds``; returns how many attempts.

    In each process one at a time: who finds another at work leaves it to that one.
    """
    if not _working.acquire(blocking=False):
        return 0
    try:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="callback") as threads:
            return _work(threads, linger_seconds=linger_seconds)
    finally:
        _working.release()


def _work(threads: ThreadPoolExecutor, *, linger_seconds: float) -> int:
    running: dict[Future[Outcome | Fetched], TwinCallback] = {}
    attempts, worked_at = 0, time.perf_counter()
    while True:
        done = [future for future in running if future.done()]
        if done:
            _settle([(running.pop(future), future.result()) for future in done])
        claimed = _claim(AT_ONCE - len(running))
        running |= {threads.submit(_attempt, callback): callback for callback in claimed}
        attempts += len(claimed)
        if running:
            worked_at = time.perf_counter()
        elif time.perf_counter() - worked_at >= linger_seconds:
            return attempts
        time.sleep(_LOOK_SECONDS)


def _claim(limit: int) -> list[TwinCallback]:
    """What is to be made now; its messages have the status that it tells."""
    now = clock.now()
    with transaction.atomic():
        callbacks = outbox.claim(limit=limit, now=now) if limit else []
        actions.apply_due_statuses(callbacks, now=now)
    return callbacks


def _settle(made: list[tuple[TwinCallback, Outcome | Fetched]]) -> None:
    for callback, result in made:
        if isinstance(result, Fetched):
            actions.take_files(callback, files=result.files, trouble=result.trouble)
    outbox.settle(
        [(callback, Outcome() if isinstance(result, Fetched) else result) for callback, result in made], now=clock.now()
    )


def _attempt(callback: TwinCallback) -> Outcome | Fetched:
    """On a thread that has no database connection."""
    try:
        if callback.kind == "media":
            return download.fetch_all(callback.message, reachable=_reachable)
        return _call(callback) if callback.url else Outcome()
    except HTTPError:
        log.info("nobody took the callback", extra={"message_sid": callback.message.sid})
    except Exception:  # One odd row must not keep the others from their turn.
        log.exception("callback failed", extra={"message_sid": callback.message.sid})
    return Outcome(again=True)


def _call(callback: TwinCallback) -> Outcome:
    """2xx ends it, 5xx is tried again; raises ``HTTPError`` for broken connections.

    Other answers end it as well: who refuses a webhook with 403 will do so the next time.
    """
    url, params = _target(callback)
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{callback.message.sid} {callback.pk}")),
    }
    body = None
    if callback.method == "GET":
        url += ("&" if urlsplit(url).query else "?") + urlencode(params)
        params = {}
    else:
        body = urlencode(params)
        headers["Content-Type"] = _FORM
    headers["X-Twilio-Signature"] = sign(url, params, token=settings.TWILIO_AUTH_TOKEN)
    address, forwarded = _reachable(url)
    headers |= forwarded
    answer = _connections.request(
        callback.method, address, body=body, headers=headers, redirect=False, preload_content=False
    )
    # The body of the answer is TwiML, which the twin does not play.
    is_short = answer.length_remaining is not None and answer.length_remaining <= _SHORT
    (answer.drain_conn if is_short else answer.close)()
    answer.release_conn()
    return Outcome(answer.status, again=answer.status >= 500 or answer.status == 429)


def _target(callback: TwinCallback) -> tuple[str, dict[str, str]]:
    """The URL and the form of this attempt: every third one goes to the fallback, if there is one.

    The fragment (``#rc=5&rp=all``) is for the provider: neither sent nor signed.
    """
    url, _ = urldefrag(callback.url)
    params: dict[str, str] = dict(callback.params)
    if callback.fallback_url and callback.attempts % 3 == 0:
        params |= {"ErrorCode": "11200", "ErrorUrl": url}
        url, _ = urldefrag(callback.fallback_url)
    return url, params


def _reachable(url: str) -> tuple[str, dict[str, str]]:
    """Where our public URL is reached from inside, when that differs (``INTERNAL_URL``), and how to say so."""
    inside = str(getattr(settings, "INTERNAL_URL", "") or "").rstrip("/")
    public = str(settings.PUBLIC_URL).rstrip("/")
    if not inside or inside == public or not url.startswith(public + "/"):
        return url, {}
    parts = urlsplit(public)
    return inside + url[len(public) :], {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
