"""Coroutines beside a browser."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def on_its_own_thread(work: Callable[[], Result]) -> Result:
    """The result of ``work``, which may run a loop: a browser of an earlier test keeps that of this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, whatever loop this thread has."""
    return on_its_own_thread(lambda: asyncio.run(coroutine))
