"""A wake-up bus between threads or processes. It may lose anything at any moment: the database is the truth."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Protocol

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger(__name__)

Callback = Callable[[str], None]
Unsubscribe = Callable[[], None]

_SEPARATOR = "\x1e"
_TOGETHER = 100
"""So many payloads travel as one message: a command of its own for each costs more than all else about it."""


class Bus(Protocol):
    """Publish and subscribe, at most once."""

    def publish(self, topic: str, payload: str) -> None:
        """Send; never raises, never waits long."""

    def publish_many(self, topic: str, payloads: list[str]) -> None:
        """Send several in one round trip. None of them contains the control character RS."""

    def subscribe(self, topic: str, callback: Callback) -> Unsubscribe:
        """Call ``callback`` for each payload, on a thread of the bus's choosing."""


class LocalBus:
    """Within one process: callbacks run at once, on the publisher's thread."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callback]] = defaultdict(list)

    def publish(self, topic: str, payload: str) -> None:
        for callback in tuple(self._callbacks[topic]):
            callback(payload)

    def publish_many(self, topic: str, payloads: list[str]) -> None:
        for payload in payloads:
            self.publish(topic, payload)

    def subscribe(self, topic: str, callback: Callback) -> Unsubscribe:
        self._callbacks[topic].append(callback)
        return lambda: self._callbacks[topic].remove(callback)


class RedisBus:
    """Between processes, over Redis pub/sub: one subscription set and one listening thread a process."""

    def __init__(self, url: str, *, prefix: str) -> None:
        self._prefix = f"{prefix}bus."
        # A wake-up is not worth waiting for: no retries, short time-outs.
        self._sender = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )
        self._url = url
        self._callbacks: dict[str, list[Callback]] = defaultdict(list)
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None

    def publish(self, topic: str, payload: str) -> None:
        self.publish_many(topic, [payload])

    def publish_many(self, topic: str, payloads: list[str]) -> None:
        try:
            with self._sender.pipeline(transaction=False) as pipeline:
                for start in range(0, len(payloads), _TOGETHER):
                    pipeline.publish(self._prefix + topic, _SEPARATOR.join(payloads[start : start + _TOGETHER]))
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("bus publish failed", topic=topic, error=type(error).__name__)

    def subscribe(self, topic: str, callback: Callback) -> Unsubscribe:
        with self._lock:
            self._callbacks[topic].append(callback)
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="bus", daemon=True)
                self._listener.start()
        return lambda: self._callbacks[topic].remove(callback)

    def _listen(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self._follow()
            except (redis.RedisError, OSError) as error:
                logger.warning("bus connection lost", error=type(error).__name__)
                pause.wait(0.5)

    def _follow(self) -> None:
        # Since redis-py 8 a socket times out after 5 s by default; the health check keeps a quiet one alive.
        client = redis.Redis.from_url(self._url, socket_timeout=30, socket_connect_timeout=5, health_check_interval=10)
        with (
            contextlib.closing(client),
            client.pubsub(  # type: ignore[no-untyped-call]
                ignore_subscribe_messages=True
            ) as pubsub,
        ):
            pubsub.psubscribe(self._prefix + "*")
            while True:
                message = pubsub.get_message(timeout=5)
                if message is not None:
                    topic = message["channel"].decode()[len(self._prefix) :]
                    for payload in message["data"].decode().split(_SEPARATOR):
                        self._hand_out(topic, payload)

    def _hand_out(self, topic: str, payload: str) -> None:
        for callback in tuple(self._callbacks.get(topic, ())):
            try:
                callback(payload)
            except Exception:
                logger.exception("bus callback failed", topic=topic)


@cache
def bus() -> Bus:
    """The process's bus: Redis where ``BUS_URL`` names one, this process alone otherwise."""
    return RedisBus(settings.BUS_URL, prefix=settings.REDIS_PREFIX) if settings.BUS_URL else LocalBus()
