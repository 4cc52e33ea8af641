"""Fetching what an outbound message names, as the provider does: over HTTP, with nothing that names us."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import requests

from carriers.twilio.inbound import channel_of
from carriers.twin.actions import Picture
from carriers.twin.models import TwinMessage
from carriers.twin.rules import FETCH_ERROR, MEDIA_BYTES, SIZE_ERROR, media_error

Reachable = Callable[[str], tuple[str, dict[str, str]]]

_TIMEOUT = (3.0, 5.0)
_SECONDS_IN_ALL = 15.0
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files, or what is wrong with the first that cannot be taken."""

    files: Sequence[Picture] = ()
    trouble: tuple[int, str] | None = None


def fetch_all(message: TwinMessage, *, reachable: Reachable) -> Fetched:
    """What the message names."""
    channel, files = channel_of(message.to_address), []
    ends_at = time.monotonic() + _SECONDS_IN_ALL
    with requests.Session() as session:
        session.trust_env = False
        for url in message.media_urls:
            address, headers = reachable(url)
            try:
                file = _fetch(session, address, headers=headers, most=MEDIA_BYTES[channel], ends_at=ends_at)
            except requests.RequestException:
                file = None
            if file is None:
                return Fetched(trouble=FETCH_ERROR)
            trouble = media_error(channel, file.content_type, len(file.content))
            if trouble:
                return Fetched(trouble=trouble)
            files.append(file)
    if sum(len(file.content) for file in files) > MEDIA_BYTES[channel]:
        return Fetched(trouble=SIZE_ERROR)
    return Fetched(files)


def _fetch(
    session: requests.Session, url: str, *, headers: dict[str, str], most: int, ends_at: float
) -> Picture | None:
    """One file, of which a little more is read than may be taken; ``None`` for an answer that is none."""
    asked = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", **headers}
    with session.get(url, headers=asked, timeout=_TIMEOUT, stream=True) as response:
        if response.status_code != 200:
            return None
        content = bytearray()
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if time.monotonic() > ends_at:
                return None
            if len(content) > most:
                break
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Picture(content_type=kind[:100], content=bytes(content))
