"""Twilio's own list of messages, which holds also those whose webhook never arrived.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from twilio.rest import Client

from carriers.base import ListedMessage, Listing, SentListing, SentMessage
from carriers.twilio.inbound import MAX_MEDIA

_PAGE = 1_000
_SENT_PAGE = 50
_API = "https://api.twilio.com"


def inbound(client: Client, *, since: datetime, until: datetime, limit: int) -> Listing:
    """What customers sent from ``since`` to ``until``, both included, to the second.

    Neither direction nor status can be asked for, so ours are read as well. The list comes newest first.
    """
    rows = client.messages.stream(
        date_sent_after=since, date_sent_before=until, page_size=min(limit, _PAGE), limit=limit
    )
    seen = 0
    found = []
    for row in rows:
        seen += 1
        if row.direction == "inbound" and row.status == "received":
            found.append(_listed(row))
    # Times are whole seconds: within one, the list's own order decides.
    oldest_first = sorted(reversed(found), key=lambda message: message.sent_at)
    return Listing(messages=tuple(oldest_first), seen=seen, complete=seen < limit)


def sent(client: Client, *, from_address: str, to_address: str, since: datetime, limit: int) -> SentListing:
    """What we sent from one address to another since then, oldest first.

    The dates are not asked for: ``DateSent`` is empty as long as a message is queued there, and then no filter by date
    finds it. The list comes newest first, so reading ends with the first that is older.
    """
    rows = client.messages.stream(from_=from_address, to=to_address, page_size=min(limit, _SENT_PAGE), limit=limit)
    found: list[SentMessage] = []
    for seen, row in enumerate(rows, start=1):
        if row.date_created < since:
            return SentListing(tuple(reversed(found)), complete=True)
        if str(row.direction).startswith("outbound"):
            found.append(_sent(row))
        if seen >= limit:
            return SentListing(tuple(reversed(found)), complete=False)
    return SentListing(tuple(reversed(found)), complete=True)


def files(client: Client, message: ListedMessage, *, api_base: str) -> Mapping[str, str]:
    """The parameters that name a message's files in a webhook."""
    if message.params["NumMedia"] == "0":
        return {}
    rows = list(reversed(client.messages(message.provider_sid).media.list(limit=MAX_MEDIA)))
    given = {"NumMedia": str(len(rows))}
    for index, row in enumerate(rows):
        given[f"MediaUrl{index}"] = (api_base.rstrip("/") or _API) + str(row.uri).removesuffix(".json")
        given[f"MediaContentType{index}"] = str(row.content_type)
    return given


def _sent(row: Any) -> SentMessage:
    return SentMessage(
        provider_sid=str(row.sid),
        body=row.body or "",
        media=int(row.num_media or 0),
        status=str(row.status),
        created_at=row.date_created,
        error_code=str(row.error_code or ""),
        error_message=row.error_message or "",
    )


def _listed(row: Any) -> ListedMessage:
    params = {
        "MessageSid": row.sid,
        "SmsSid": row.sid,
        "AccountSid": row.account_sid,
        "From": row.from_,
        "To": row.to,
        "Body": row.body or "",
        "NumMedia": row.num_media or "0",
        "NumSegments": row.num_segments or "1",
        "SmsStatus": "received",
        "ApiVersion": row.api_version,
    }
    if row.messaging_service_sid:
        params["MessagingServiceSid"] = row.messaging_service_sid
    return ListedMessage(
        provider_sid=str(row.sid),
        to_address=str(row.to),
        sent_at=row.date_sent or row.date_created,
        params=params,
    )
