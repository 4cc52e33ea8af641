"""``requests`` over connections whose address was checked (`kernel.dialing`), hop by hop."""

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from kernel import dialing
from kernel.addresses import Allowed
from kernel.targets import Target

_CONNECT_SECONDS = 5.0


class CheckedAdapter(HTTPAdapter):
    """Connects to checked addresses only; raises ``kernel.dialing.Refused``. A proxy checks for itself."""

    def __init__(self, *, allowed: Allowed, resolve: dialing.Resolve | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": self._plain(), "https": self._secure()}

    def dial(self, connection: HTTPConnection, *, scheme: str) -> socket.socket:
        """The connection's socket; what fails is told as urllib3 tells it."""
        target = Target(scheme=scheme, host=connection.host.strip("[]"), port=connection.port, path="")
        resolve = self._resolve or dialing.system_resolve
        try:
            return dialing.dial(target, allowed=self._allowed, resolve=resolve, seconds=lambda: _seconds(connection))
        except dialing.Unresolved as error:
            raise NameResolutionError(connection.host, connection, socket.gaierror(str(error))) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, "The connection took too long.") from error
        except OSError as error:
            raise NewConnectionError(connection, "The connection failed.") from error

    def _plain(self) -> type[HTTPConnectionPool]:
        adapter = self

        class Connection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return adapter.dial(self, scheme="http")

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        return Pool

    def _secure(self) -> type[HTTPSConnectionPool]:
        adapter = self

        class Connection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return adapter.dial(self, scheme="https")

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        return Pool


def _seconds(connection: HTTPConnection) -> float:
    given = connection.timeout
    return float(given) if isinstance(given, int | float) else _CONNECT_SECONDS
