"""Campaigns, and their rows. A view reads the request and calls one action, or two where it is asked to start."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from api.base import View, actor_of, body, query
from api.campaigns import operations
from api.campaigns.serializers import (
    CampaignListQuery,
    CampaignRequestSerializer,
    RecipientListQuery,
    RowsSerializer,
    VerbSerializer,
)
from campaigns import actions, queries, wording
from campaigns.actions import Plan
from campaigns.core.lists import Problem
from campaigns.models import Campaign
from campaigns.payloads import campaign_payload, recipient_payload
from conversations.models import Address, MessagingService
from hours import queries as calendars
from kernel.actor import Actor
from kernel.errors import DomainError, Invalid

_VERBS = {"start": actions.start, "pause": actions.pause, "resume": actions.resume, "cancel": actions.cancel}
_FIELDS = {"address": "from", "service": "from"}


class Written(View):
    """The scope of all of them."""

    scopes: ClassVar = dict.fromkeys(("GET", "HEAD", "POST"), ("campaigns:write",))


class Campaigns(Written):
    """Make campaigns, and list them."""

    @extend_schema(**operations.CREATE)
    def post(self, request: Request) -> Response:
        """Write one text to a list of customers."""
        given = body(request, CampaignRequestSerializer)
        actor = actor_of(request)
        try:
            with transaction.atomic():
                made, bad, is_new = _made(given, actor=actor)
        except DomainError as error:
            error.field = _FIELDS.get(error.field or "", error.field)
            raise
        return Response(
            _with_progress(made) | {"rejected": _rejected(bad)},
            status=201 if is_new else 200,
            headers={"Location": reverse("api-campaign", args=[made.sid])},
        )

    @extend_schema(**operations.LIST)
    def get(self, request: Request) -> Response:
        """List campaigns, newest first."""
        wanted = query(request, CampaignListQuery).validated_data
        page, token = queries.page(actor_of(request), size=wanted["page_size"], after=wanted.get("page_token", ""))
        return Response({"campaigns": [_with_progress(row) for row in page], "next_page_token": token})


class CampaignItem(Written):
    """One campaign."""

    @extend_schema(**operations.GET)
    def get(self, request: Request, sid: str) -> Response:
        """How far a campaign is."""
        return Response(_with_progress(queries.campaign(sid, actor=actor_of(request))))

    @extend_schema(**operations.DO)
    def post(self, request: Request, sid: str) -> Response:
        """Start, pause, resume or cancel a campaign."""
        verb = body(request, VerbSerializer).validated_data["do"]
        found = queries.campaign(sid, actor=actor_of(request))
        return Response(_with_progress(_VERBS[verb](found, actor=actor_of(request))))


class Recipients(Written):
    """The rows of a campaign."""

    @extend_schema(**operations.ROWS)
    def get(self, request: Request, sid: str) -> Response:
        """What became of each row."""
        wanted = query(request, RecipientListQuery).validated_data
        found = queries.campaign(sid, actor=actor_of(request))
        rows = queries.recipients(found, result=wanted.get("result", "")).filter(pk__gt=wanted["after"])
        page = list(rows[: wanted["limit"] + 1])
        shown = page[: wanted["limit"]]
        return Response(
            {
                "recipients": [recipient_payload(row, campaign=found) for row in shown],
                "next_after": shown[-1].pk if len(page) > len(shown) else None,
            }
        )

    @extend_schema(**operations.ADD)
    def post(self, request: Request, sid: str) -> Response:
        """Add customers to a draft."""
        given = body(request, RowsSerializer)
        found = queries.campaign(sid, actor=actor_of(request))
        country = given.validated_data["country"]
        bad = actions.add_recipients(found, given.given(), country=country, actor=actor_of(request))
        return Response(_with_progress(found) | {"rejected": _rejected(bad)})


def _made(given: CampaignRequestSerializer, *, actor: Actor) -> tuple[Campaign, Sequence[Problem], bool]:
    """The campaign, the rows that it did not take, and whether it is new."""
    wanted: dict[str, Any] = given.validated_data
    sender = queries.sender(wanted["from"], actor=actor)
    calendar = calendars.calendar(wanted["calendar"], actor=actor) if wanted.get("calendar") else None
    ref = wanted.get("ref", "")
    known = queries.by_ref(sender.workspace, ref)
    if known is not None:
        return known, (), False
    plan = Plan(
        wanted["name"],
        sender if isinstance(sender, Address) else None,
        wanted["body"],
        rate=wanted["rate"],
        start_at=wanted.get("start_at"),
        calendar=calendar,
        content_sid=wanted["content_sid"],
        service=sender if isinstance(sender, MessagingService) else None,
        channel=wanted.get("channel", ""),
    )
    made = actions.create_campaign(sender.workspace, plan=plan, ref=ref, actor=actor)
    bad: tuple[Problem, ...] = ()
    if wanted.get("recipients"):
        bad = actions.add_recipients(made, given.given(), country=wanted["country"], actor=actor)
    if wanted["start"]:
        if not made.recipients.exists():
            raise Invalid("No row can be taken, so there is nothing to start.", field="recipients")
        made = actions.start(made, actor=actor)
    return made, bad, True


def _with_progress(campaign: Campaign) -> dict[str, Any]:
    return {**campaign_payload(campaign), "progress": queries.progress(campaign)}


def _rejected(bad: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"line": row.line, "to": row.value, "code": row.code, "message": wording.problem(row)} for row in bad]
