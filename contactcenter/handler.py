"""Django behind ASGI with one thread hop per request instead of one per middleware."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import (
    FileResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    HttpResponseServerError,
    StreamingHttpResponse,
)
from django.urls import set_script_prefix

from contactcenter.limits import Receive, Scope, Send

Result = TypeVar("Result")

# As many threads as requests may run, and some for the questions that are always answered.
_THREADS = ThreadPoolExecutor(max_workers=settings.REQUESTS_AT_ONCE + 4, thread_name_prefix="http")


class Handler(ASGIHandler):
    """The whole request, from the start signal to the closed response, runs in one thread of a bounded pool.

    Django's own handler hops to a new thread for each request, and again for each signal and each middleware that is
    not asynchronous. A client that goes away does not stop a request here: what it began, it finishes.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await _in_thread(self._answer, scope, body)
            if isinstance(response, StreamingHttpResponse) and not response.is_async:
                response.streaming_content = _chunks(cast(Iterator[bytes], response.streaming_content))
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await _in_thread(response.close)
        finally:
            body.close()

    def _answer(self, scope: Scope, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            request, refusal = self.create_request(scope, body)
        # A header that Django cannot read, such as a Content-Type with an unknown encoding; with an encoding it also
        # reads the query at once, which may be a thousand parameters.
        except (ValueError, SuspiciousOperation):
            request, refusal = None, HttpResponseBadRequest()
        response = self._response(request) if request is not None else refusal or HttpResponseServerError()
        if not response.streaming:
            response.close()  # Sends the signal that gives the database connection back.
        return response

    def _response(self, request: ASGIRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return response


async def _in_thread(function: Callable[..., Result], *arguments: Any) -> Result:
    return await sync_to_async(function, thread_sensitive=False, executor=_THREADS)(*arguments)


async def _chunks(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A file's parts, each read in a thread; Django would read the whole file first, and warn."""
    while part := await _in_thread(next, parts, b""):
        yield part
