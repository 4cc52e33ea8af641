"""Making a callback: signed, as Twilio makes it, and made again when nobody was there to take it."""

import logging
import uuid
from urllib.parse import urldefrag, urlencode, urlsplit

import requests
from django.conf import settings

from carriers.twilio.signature import sign
from carriers.twin import actions, download, outbox
from carriers.twin.models import TwinCallback
from kernel import clock

log = logging.getLogger(__name__)

# Twilio gives a webhook 15 s: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
TIMEOUT = (3.0, 15.0)
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def deliver(callback_id: int) -> None:
    """One attempt, if it is this callback's turn: 2xx ends it, 5xx and broken connections are tried again.

    Other answers end it as well: who refuses a webhook with 403 will do so the next time.
    """
    callback = outbox.claim(callback_id, now=clock.now())
    if callback is None:
        return
    if callback.kind == "media":
        files, trouble = download.fetch_all(callback.message, reachable=_reachable)
        actions.take_files(callback, files=files, trouble=trouble)
        outbox.finish(callback, status=None, now=clock.now())
        return
    actions.apply_due_status(callback, now=clock.now())
    if not callback.url:
        outbox.finish(callback, status=None, now=clock.now())
        return
    status = _call(callback)
    if status is None or status >= 500 or status == 429:
        log.info("callback postponed", extra={"message_sid": callback.message.sid, "http_status": status})
        outbox.postpone(callback, status=status, now=clock.now())
    else:
        outbox.finish(callback, status=status, now=clock.now())


def _call(callback: TwinCallback) -> int | None:
    """The HTTP status, or ``None`` if there was none."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            prepared = session.prepare_request(_request(callback))
            # The body of the answer is TwiML, which the twin does not play: it is not read.
            with session.send(prepared, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
                return response.status_code
    except requests.RequestException:
        return None


def _request(callback: TwinCallback) -> requests.Request:
    url, params = _target(callback)
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{callback.message.sid} {callback.pk}")),
    }
    signed = params
    if callback.method == "GET":
        url += ("&" if urlsplit(url).query else "?") + urlencode(params)
        signed = {}
    headers["X-Twilio-Signature"] = sign(url, signed, token=settings.TWILIO_AUTH_TOKEN)
    address, forwarded = _reachable(url)
    headers |= forwarded
    if callback.method == "GET":
        return requests.Request("GET", address, headers=headers)
    return requests.Request("POST", address, headers=headers | {"Content-Type": _FORM}, data=urlencode(params))


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
