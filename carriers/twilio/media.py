"""Fetching a customer's file from Twilio without being led elsewhere."""

import re
import time
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies

from carriers.base import CarrierError
from carriers.twilio.checked import CheckedAdapter
from carriers.twilio.transport import TIMEOUT, from_transport, refuse_failure
from kernel.addresses import Allowed, plain
from kernel.dialing import Refused

MAX_BYTES = 16 * 1024 * 1024
_MAX_HOPS = 3
_TOTAL_SECONDS = 60.0
_REDIRECTS = (301, 302, 303, 307, 308)
# `requests` lets a host end at a backslash, which `urlsplit` takes for a part of it.
_NAME = re.compile(r"[a-z0-9.-]+")
_API_HOST = "api.twilio.com"
_FILE_HOSTS = (".twilio.com", ".twiliocdn.com")
_FILE_HOSTS_EXACT = ("s3-external-1.amazonaws.com", "media.twiliocdn.com.s3-external-1.amazonaws.com")


class MediaFetcher:
    """GETs media URLs of the API host; the file itself lies behind one redirect to a CDN.

    Credentials go to the first URL only, which must be the API host's. Redirects may lead to Twilio's own hosts
    (or the host of ``api_base``) and nowhere else, and at each hop the name must lead to the open internet, unless a
    proxy of the environment asks for us. Twilio demands Basic auth for all media since 2026:
    https://www.twilio.com/docs/messaging/api/media-resource
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_base: str = "",
        timeout: tuple[float, float] = TIMEOUT,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._auth = (account_sid, auth_token)
        self._base = api_base.rstrip("/")
        self._allowed = _reached_anyway(self._base)
        self._timeout = timeout
        self._max_bytes = max_bytes

    def fetch(self, url: str) -> tuple[str, bytes]:
        """Content type and bytes; raises ``CarrierError`` (a GET, so every failure but a refusal is retryable)."""
        try:
            return self._follow(url)
        except Refused as error:
            raise _refused("The file's address leads to where nobody may be led.", code="foreign-host") from error
        except requests.RequestException as error:
            cause = from_transport(error)
            raise _again(cause.message, code=cause.code) from error
        except ValueError as error:  # `requests` reads the address of a redirect even when it does not follow it.
            raise _unreadable() from error

    def _follow(self, url: str) -> tuple[str, bytes]:
        self._check_api(url)
        deadline = time.monotonic() + _TOTAL_SECONDS
        with requests.Session() as session:
            # Neither .netrc nor cookies: nothing but what stands here may name us.
            session.trust_env = False
            session.mount("https://", CheckedAdapter(allowed=self._allowed))
            session.mount("http://", CheckedAdapter(allowed=self._allowed))
            for hop in range(_MAX_HOPS):
                with session.get(
                    url,
                    auth=self._auth if hop == 0 else None,
                    headers={"Accept-Encoding": "identity"},
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    proxies=get_environ_proxies(url),
                ) as response:
                    if response.status_code not in _REDIRECTS:
                        return self._read(response, deadline)
                    url = urljoin(url, response.headers.get("Location", ""))
                    self._check_file(url)
        raise _refused("The file's address redirects too often.", code="redirects")

    def _read(self, response: requests.Response, deadline: float) -> tuple[str, bytes]:
        try:
            refuse_failure(response.status_code, response.headers)
        except CarrierError as error:
            raise _again(error.message, code=error.code, retry_after=error.retry_after) from error
        if response.status_code != 200:
            raise _refused("The carrier does not give this file.", code=f"http-{response.status_code}")
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(64 * 1024):
            size += len(chunk)
            if size > self._max_bytes:
                raise _refused("The file is larger than we take.", code="too-large")
            if time.monotonic() > deadline:
                raise _again("The file did not arrive in time.", code="read-timeout")
            chunks.append(chunk)
        return response.headers.get("Content-Type", "application/octet-stream"), b"".join(chunks)

    def _check_api(self, url: str) -> None:
        wanted = urlsplit(self._base or f"https://{_API_HOST}")
        got = urlsplit(url)
        if (got.scheme, got.netloc) != (wanted.scheme, wanted.netloc):
            raise _refused("The file's address is not the carrier's.", code="foreign-host")

    def _check_file(self, url: str) -> None:
        base, got = urlsplit(self._base), urlsplit(url)
        if self._base and (got.scheme, got.netloc) == (base.scheme, base.netloc):
            return
        host = got.netloc.lower().removesuffix(":443")
        known = host.endswith(_FILE_HOSTS) or host in _FILE_HOSTS_EXACT
        if got.scheme != "https" or not known or not _NAME.fullmatch(host):
            raise _refused("The file's address leads to a host that is not the carrier's.", code="foreign-host")


def _reached_anyway(base: str) -> Allowed:
    """The operator's own choice of an API host is reached wherever its name leads."""
    parts = urlsplit(base)
    if not parts.hostname:
        return Allowed()
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return Allowed(hosts=frozenset({(plain(parts.hostname), port)}))


def _unreadable() -> CarrierError:
    return _refused("The file's address cannot be read.", code="foreign-host")


def _refused(message: str, *, code: str) -> CarrierError:
    return CarrierError(message, code=code, outcome="rejected")


def _again(message: str, *, code: str, retry_after: float | None = None) -> CarrierError:
    return CarrierError(message, code=code, outcome="not_accepted", retry_after=retry_after)
