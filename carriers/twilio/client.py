"""Sending and fetching through Twilio, with each outcome told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from json import JSONDecodeError, dumps
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response
from twilio.rest import Client

from carriers.base import (
    BUSY,
    CarrierError,
    InboundMessage,
    ListedMessage,
    Listing,
    OutboundMessage,
    SendResult,
    SentListing,
    TemplateListing,
)
from carriers.twilio import listing, templates
from carriers.twilio.inbound import parse_message
from carriers.twilio.media import MediaFetcher
from carriers.twilio.transport import TIMEOUT, Transport

# Bad credentials, and an account that is not active: nothing is wrong with the message.
_ACCOUNT_REFUSED = frozenset({"20003", "20005", "20006", "30002"})
# A sender whose queue at the provider is full: that long it gets nothing more.
_SENDER_REST = 30.0


def sdk_client(
    account_sid: str, auth_token: str, *, api_base: str = "", timeout: tuple[float, float] = TIMEOUT
) -> Client:
    """The official client over our transport."""
    return Client(account_sid, auth_token, http_client=Transport(api_base=api_base, timeout=timeout))


class TwilioCarrier:
    """The ``Carrier`` of every Twilio channel, and of the twin."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_base: str = "",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        self._api_base = api_base
        self._client = sdk_client(account_sid, auth_token, api_base=api_base, timeout=timeout)
        self._media = MediaFetcher(account_sid, auth_token, api_base=api_base, timeout=timeout)

    def send(self, message: OutboundMessage) -> SendResult:
        """Create the message at Twilio; raises ``CarrierError``."""
        try:
            created = self._client.messages.create(**_wanted(message))
        except (TwilioException, JSONDecodeError) as error:
            raise classify(error) from error
        if not created.sid:
            raise CarrierError("The carrier's answer carried no sid.", code="no-sid", outcome="unknown")
        return SendResult(provider_sid=created.sid, status=created.status or "queued")

    def fetch_media(self, url: str) -> tuple[str, bytes]:
        """The file behind a ``MediaUrl``; raises ``CarrierError``."""
        return self._media.fetch(url)

    def list_inbound(self, *, since: datetime, until: datetime, limit: int) -> Listing:
        """The account's list, page after page; raises ``CarrierError``."""
        with _classified():
            return listing.inbound(self._client, since=since, until=until, limit=limit)

    def list_sent(self, *, from_address: str, to_address: str, since: datetime, limit: int) -> SentListing:
        """Ours to one customer, page after page; raises ``CarrierError``."""
        with _classified():
            return listing.sent(
                self._client, from_address=from_address, to_address=to_address, since=since, limit=limit
            )

    def ping(self) -> None:
        """Ask for the newest message; raises ``CarrierError``."""
        with _classified():
            self._client.messages.list(limit=1, page_size=1)

    def listed(self, message: ListedMessage) -> InboundMessage:
        """The message as its webhook would have brought it; raises ``CarrierError``, ``Invalid``.

        When the list of its files is refused for good, the words come alone.
        """
        try:
            with _classified():
                files = listing.files(self._client, message, api_base=self._api_base)
        except CarrierError as error:
            if not error.permanent:
                raise
            files = {"NumMedia": "0"}
        return parse_message({**message.params, **files})

    def list_templates(self, *, limit: int) -> TemplateListing:
        """The account's templates, page after page; raises ``CarrierError``."""
        with _classified():
            return templates.listed(self._client, limit=limit)


def _content(message: OutboundMessage) -> dict[str, Any]:
    """A template and its values. Twilio refuses an empty document of values, so none is sent."""
    wanted: dict[str, Any] = {"content_sid": message.content_sid}
    if message.content_variables:
        wanted["content_variables"] = dumps(dict(message.content_variables), ensure_ascii=False)
    return wanted


def _wanted(message: OutboundMessage) -> dict[str, Any]:
    """The parameters of the message to create; what is empty is left out."""
    said = _content(message) if message.content_sid else {"body": message.body}
    wanted = said | {
        "from_": message.from_address,
        "to": message.to_address,
        "messaging_service_sid": message.messaging_service_sid,
        "media_url": list(message.media_urls),
        "status_callback": message.status_callback_url,
        "validity_period": message.valid_for_seconds,
    }
    return {name: value for name, value in wanted.items() if value}


@contextmanager
def _classified() -> Iterator[None]:
    """Reads of the SDK: every way in which an answer can be none becomes a ``CarrierError``."""
    try:
        yield
    except (TwilioException, JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise classify(error) from error


def classify(error: Exception) -> CarrierError:
    """What the SDK's three unrelated kinds of exception say about the message.

    ``TwilioServiceException`` (RFC 9457) is no ``TwilioRestException``, and a failed list raises a bare
    ``TwilioException`` whose second argument is the response. An answer that is no JSON proves nothing.
    """
    if isinstance(error, TwilioRestException):
        return _refused(error.status, error.code, error.msg)
    if isinstance(error, TwilioServiceException):
        return _refused(error.status, error.code, error.detail or error.title)
    answer = next((arg for arg in error.args if isinstance(arg, Response)), None)
    if answer is not None:
        return _refused(answer.status_code, None, "The carrier refused the request.")
    return CarrierError(
        "The carrier's answer could not be read.", code="bad-answer", outcome="unknown", scope="account"
    )


def _refused(status: int, code: int | None, message: str) -> CarrierError:
    if status == 429:
        return CarrierError(message, code="20429", outcome="not_accepted", scope="account")
    if status >= 500:
        return CarrierError(message, code=f"http-{status}", outcome="unknown", scope="account")
    named = f"http-{status}" if code in (None, 0, status) else str(code)
    if status == 401 or named in _ACCOUNT_REFUSED:
        return CarrierError(message, code=named, outcome="not_accepted", scope="account")
    if named in BUSY:
        return CarrierError(message, code=named, outcome="not_accepted", retry_after=_SENDER_REST, scope="sender")
    return CarrierError(message, code=named, outcome="rejected")
