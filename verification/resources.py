"""Verify v2 on the wire, as Twilio's SDKs ask for it. https://www.twilio.com/docs/verify/api"""

from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import QueryDict
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import policy
from agents.models import Workspace
from conversations.models import Address
from kernel import sids
from kernel.errors import Invalid
from taskrouter import access
from taskrouter.forms import Choice, Form, Text, Whole
from taskrouter.paging import Listing, Page
from taskrouter.resources.base import Resource
from taskrouter.views import View
from taskrouter.wire import Shown, stamp
from verification import actions, queries
from verification.actions import ServiceForm
from verification.core.codes import LONGEST, SHORTEST
from verification.models import Service, Verification

PREFIX: Final = "/verify/v2/"


class MayVerify(BasePermission):
    """The scope ``verify:write``; ``Forbidden`` names it."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        policy.require(access.actor_of(request), "verify:write")
        return True


def url(*parts: str) -> str:
    """The absolute address of a resource."""
    return f"{settings.PUBLIC_URL}{PREFIX}{'/'.join(parts)}"


class Verify(View):
    """What the resources of Verify share."""

    permission_classes = [MayVerify]

    @property
    def path_below(self) -> str:
        return self.request.path.partition("/v2/")[2]

    def paged(self, listing: Listing, page: Page[Any], *, key: str, shown: Any) -> Response:
        """The same pages as TaskRouter's, under Verify's addresses."""
        meta = listing.meta(page, key=key, parameters=self.request.query_params)
        theirs = f"{settings.PUBLIC_URL}/taskrouter/v1/"
        moved = {
            name: value.replace(theirs, url(), 1) if isinstance(value, str) else value for name, value in meta.items()
        }
        return Response({key: shown, "meta": moved})


class Services(Verify, Resource[Service]):
    path = "Services"
    key = "services"
    prefix = "VA"
    new = Form(friendly_name=Text(required=True), code_length=Whole(least=SHORTEST, most=LONGEST))
    changes = Form(friendly_name=Text(), code_length=Whole(least=SHORTEST, most=LONGEST))

    def rows(self) -> QuerySet[Service]:
        return queries.services(self.actor)

    def shown(self, row: Service) -> Shown:
        links = ("entities", "messaging_configurations", "rate_limits", "verification_checks", "verifications")
        paths = {"verification_checks": "VerificationCheck", "verifications": "Verifications"}
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "friendly_name": row.friendly_name,
            "code_length": row.code_length,
            "lookup_enabled": False,
            "psd2_enabled": False,
            "skip_sms_to_landlines": False,
            "dtmf_input_required": False,
            "tts_name": None,
            "do_not_share_warning_enabled": True,
            "custom_code_enabled": False,
            "push": None,
            "totp": None,
            "default_template_sid": None,
            "whatsapp": {
                "msg_service_sid": None,
                "from": row.whatsapp_from.address if row.whatsapp_from else None,
            },
            "passkeys": None,
            "verify_event_subscription_enabled": False,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": url("Services", row.sid),
            "links": {name: url("Services", row.sid, paths[name]) for name in links if name in paths},
        }

    def make(self, given: dict[str, Any]) -> Service:
        workspace = Workspace.objects.filter(account__sid=self.actor.account_sid).order_by("pk").first()
        if workspace is None:
            raise Invalid("There is no workspace yet.")
        form = ServiceForm(**given, whatsapp_from=self._sender(workspace))
        return actions.create_service(workspace, form=form, actor=self.actor)

    def change(self, row: Service, given: dict[str, Any]) -> Service:
        form = ServiceForm(
            friendly_name=given.get("friendly_name", row.friendly_name),
            code_length=given.get("code_length", row.code_length),
            sms_from=row.sms_from,
            whatsapp_from=self._sender(row.workspace) or row.whatsapp_from,
            content_sid=row.content_sid,
        )
        return actions.update_service(row, form=form, actor=self.actor)

    def remove(self, row: Service) -> None:
        actions.delete_service(row, actor=self.actor)

    def _sender(self, workspace: Workspace) -> Address | None:
        body = self.request.data
        text = body.get("Whatsapp.From", "").strip() if isinstance(body, QueryDict) else ""
        if not text:
            return None
        wanted = text if text.startswith("whatsapp:") else f"whatsapp:{text}"
        found = Address.objects.filter(workspace=workspace, channel="whatsapp", address=wanted).first()
        if found is None:
            raise Invalid("We have no such sender.", code="bad-parameter", field="whatsapp_from")
        return found


class OfService(Verify):
    """What belongs to a service, which the path names first."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.service  # noqa: B018 - a foreign one is 404 whatever else is asked

    @cached_property
    def service(self) -> Service:
        return self.sought(queries.services(self.actor), self.kwargs["service_sid"], "VA")

    def told(self, row: Verification) -> Shown:
        """What a verification and a check of it have in common."""
        return {
            "sid": row.sid,
            "service_sid": self.service.sid,
            "account_sid": self.actor.account_sid,
            "to": row.to,
            "channel": row.channel,
            "status": row.status,
            "valid": row.status == Verification.Status.APPROVED,
            "amount": None,
            "payee": None,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
        }


class Verifications(OfService, Resource[Verification]):
    path = "Services/<str:service_sid>/Verifications"
    key = "verifications"
    prefix = "VE"
    operations = ("create", "retrieve", "update")
    new = Form(to=Text(required=True), channel=Text(required=True), locale=Text())
    changes = Form(status=Choice(of=("canceled",), required=True))

    def rows(self) -> QuerySet[Verification]:
        return queries.verifications(self.service)

    def named(self, name: str) -> Q:
        """By its sid, or by the number, whose newest it is."""
        return Q(sid=name) if sids.is_sid(name, self.prefix) else Q(to=name[:16])

    def shown(self, row: Verification) -> Shown:
        sent = row.sendings.order_by("pk").values_list("sid", "channel", "created_at")
        return {
            **self.told(row),
            "lookup": {},
            "send_code_attempts": [
                {"attempt_sid": sid, "channel": channel, "time": stamp(at)} for sid, channel, at in sent
            ],
            "sna": None,
            "url": url("Services", self.service.sid, "Verifications", row.sid),
        }

    def make(self, given: dict[str, Any]) -> Verification:
        return actions.start(
            self.service, to=given["to"], channel=given["channel"], locale=given.get("locale", ""), actor=self.actor
        )

    def change(self, row: Verification, given: dict[str, Any]) -> Verification:  # noqa: ARG002
        return actions.cancel(row, actor=self.actor)


class Checks(OfService):
    """The code that somebody typed. https://www.twilio.com/docs/verify/api/verification-check"""

    form = Form(code=Text(required=True), to=Text(), verification_sid=Text())

    def create(self, _request: Request, **_: str) -> Response:
        given = self.posted(self.form)
        row = actions.check(
            self.service,
            code=given["code"],
            to=given.get("to", ""),
            sid=given.get("verification_sid", ""),
            actor=self.actor,
        )
        return Response({**self.told(row), "sna_attempts_error_codes": []}, status=201)
