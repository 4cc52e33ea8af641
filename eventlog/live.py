"""From the numbered log to the sockets: what goes over the bus, and its encoding.

Every event is encoded once, here. A lost bus message costs a second: the hub compares heads and reads what is missing
from the database.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from eventlog.bus import bus
from eventlog.numbered import NumberedEvent
from eventlog.sinks import Sink
from kernel import clock

EVENTS = "live"
BLIPS = "blip"
REVOKED = "revoked"


def encode(frame: Mapping[str, Any]) -> str:
    """The JSON text of a frame."""
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


class Broadcast(Sink):
    """The sink that tells every socket's process of each event, once for each audience."""

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        payloads = [payload for event in events for payload in _payloads(event)]
        if payloads:
            bus().publish_many(EVENTS, payloads)


def _payloads(event: NumberedEvent) -> Iterator[str]:
    """`queries.frame` as text, one for each audience; the data is passed on as the database wrote it."""
    at = clock.iso(datetime.fromtimestamp(event.at, UTC))
    ref = json.dumps(event.ref)
    rest = f'"type":"{event.type}","at":"{at}","ref":{ref},"data":{event.text}}}'
    for audience, n in event.numbers.items():
        yield f'{audience} {n}\n{{"t":"event","a":"{audience}","n":{n},{rest}'


def parse(payload: str) -> tuple[str, int, str]:
    """``(audience, n, frame text)`` of what `Broadcast` published.

    >>> parse('worker:WK1 7\\n{"t":"event"}')
    ('worker:WK1', 7, '{"t":"event"}')
    """
    head, _, text = payload.partition("\n")
    audience, _, n = head.rpartition(" ")
    return audience, int(n), text


def blip(audiences: Sequence[str], content: Mapping[str, Any]) -> None:
    """Something that nobody will miss (typing): straight to the sockets, never logged, never numbered."""
    text = encode({"t": "blip", **content})
    bus().publish_many(BLIPS, [f"{audience} 0\n{text}" for audience in audiences])


def revoke(user_sid: str) -> None:
    """Let this person's sockets ask at once whether they may still listen; otherwise they ask every 15 s."""
    bus().publish(REVOKED, user_sid)
