"""Callbacks as TaskRouter sends them: forms, signed with the account's auth token.

https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks
https://www.twilio.com/docs/taskrouter/api/event/reference
"""

from urllib.parse import urlencode

from accounts.models import AUTH_TOKENS, Account
from agents.models import Workspace
from carriers.twilio.signature import sign
from eventlog.models import Event
from hooks.actions import Claim, Letter
from hooks.egress import Answer
from hooks.letters import Request, Writer
from kernel.targets import spelled
from routing.models import Reservation
from routing.payloads import task_payload
from taskrouter import events, instructions
from taskrouter.events import Known, Texts
from taskrouter.wire import pascal, text


class SignedForm(Writer):
    """A form with an ``X-Twilio-Signature``, as Twilio's own ``RequestValidator`` takes it."""

    def write(self, claim: Claim, url: str) -> Request:
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-twilio-signature": sign(spelled(url), claim.payload, token=AUTH_TOKENS.unseal(claim.secret)),
            "i-twilio-idempotency-token": claim.event_sid,
        }
        return Request(urlencode(claim.payload).encode(), headers)


class EventCallback(SignedForm):
    """What happened in a workspace. Any 2xx is good; Twilio asks for 204."""


class AssignmentCallback(SignedForm):
    """An offer. A 200 with an instruction, or without a word: the answer comes by REST, or it is too late."""

    def fault(self, answer: Answer) -> str:
        if answer.status not in (200, 204):
            return f"the address answered {answer.status}"
        read = instructions.read(answer.body, content_type=answer.content_type)
        return str(read) if isinstance(read, instructions.Fault) else ""


def event_letter(event: Event, known: Known, account: Account) -> Letter:
    """An event for the workspace's address."""
    told = events.tell(event, known)
    fields = {
        "EventType": event.type,
        "AccountSid": account.sid,
        "WorkspaceSid": known.workspace.sid,
        "WorkspaceName": known.workspace.friendly_name,
        "EventDescription": told.description,
        "ResourceType": told.resource_type,
        "ResourceSid": told.resource_sid,
        "Timestamp": str(int(event.created_at.timestamp())),
        "TimestampMs": str(events.milliseconds(event.created_at)),
        "Sid": event.sid,
    }
    return Letter(event.sid, event.type, events.line_of(event), fields | _parameters(told.data))


def assignment_letter(reservation: Reservation, workspace: Workspace, *, event_sid: str) -> Letter:
    """An offer for the workflow's address."""
    task, worker = reservation.task, reservation.worker
    known = Known(workspace, {task.task_channel.unique_name: task.task_channel.sid})
    fields = {
        "Timestamp": str(int(reservation.created_at.timestamp())),
        "AccountSid": workspace.account.sid,
        "WorkspaceSid": workspace.sid,
        "WorkspaceName": workspace.friendly_name,
        "ReservationSid": reservation.sid,
        "WorkerSid": worker.sid,
        "WorkerName": worker.friendly_name,
        "WorkerAttributes": text(worker.attributes),
        "WorkerActivitySid": worker.activity.sid,
        "WorkerActivityName": worker.activity.friendly_name,
    }
    told = events.task_texts(task_payload(task), known, at=reservation.created_at)
    return Letter(event_sid, "reservation.created", reservation.sid, fields | _parameters(told))


def _parameters(data: Texts) -> Texts:
    return {pascal(name): value for name, value in data.items()}
