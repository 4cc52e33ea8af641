"""The account's templates: Content resources with what the channel says of them.

https://www.twilio.com/docs/content/content-api-resources#fetch-content-and-approval-status
"""

from collections.abc import Mapping
from typing import Any

from twilio.rest import Client

from carriers.base import ListedTemplate, TemplateListing
from kernel.sids import is_sid

_PAGE = 100
_STATES = frozenset({"unsubmitted", "received", "pending", "approved", "rejected", "paused", "disabled"})


def listed(client: Client, *, limit: int) -> TemplateListing:
    """Those of the account, at most ``limit``; one that cannot be read is left out."""
    rows = list(client.content.v1.content_and_approvals.stream(page_size=min(limit, _PAGE), limit=limit))
    found = tuple(_template(row) for row in rows if is_sid(row.sid, "HX"))
    return TemplateListing(templates=found, complete=len(rows) < limit)


def _template(row: Any) -> ListedTemplate:
    approval = _mapping(row.approval_requests)
    state = str(approval.get("status") or "unsubmitted").lower()
    return ListedTemplate(
        sid=row.sid,
        name=str(row.friendly_name or approval.get("name") or row.sid),
        language=str(row.language or ""),
        samples={str(name): str(value) for name, value in _mapping(row.variables).items()},
        types=dict(_mapping(row.types)),
        category=str(approval.get("category") or ""),
        # A state that came after this was written is none in which we would send.
        state=state if state in _STATES else "pending",
        reason=str(approval.get("rejection_reason") or ""),
        updated_at=row.date_updated,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
