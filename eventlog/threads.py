"""Database work for coroutines, on a bounded set of threads.

Channels gives all sockets of a process one thread, so one slow query holds up everybody; a thread for each call would
exhaust the database's connections. These few keep their connections.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 6
_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="socket-db")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` on one of the threads. Once more if the connection turns out to be dead.

    The repeat is safe because reads change nothing and every command is recognised by its ``ref`` or guarded by its
    state.
    """
    call = partial(_with_connection, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_executor, call)


def _with_connection(call: Callable[[], T]) -> T:
    try:
        return call()
    except (InterfaceError, OperationalError):
        connection.close()
        return call()
