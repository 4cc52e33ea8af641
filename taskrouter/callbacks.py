"""Callbacks as TaskRouter sends them: forms, signed with the account's auth token, and instructions as answers.

https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks
https://www.twilio.com/docs/taskrouter/api/event/reference
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
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
from taskrouter import events
from taskrouter.events import Known, Texts
from taskrouter.wire import pascal, text

CARRIED_OUT: Final = ("accept", "reject")
NEEDS_A_VOICE: Final = ("call", "conference", "dequeue", "redirect")


class Form(Writer):
    """A form with an ``X-Twilio-Signature``, as Twilio's own ``RequestValidator`` takes it."""

    def write(self, claim: Claim, url: str) -> Request:
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-twilio-signature": sign(spelled(url), claim.payload, token=AUTH_TOKENS.unseal(claim.secret)),
            "i-twilio-idempotency-token": claim.event_sid,
        }
        return Request(urlencode(claim.payload).encode(), headers)


class EventCallback(Form):
    """What happened in a workspace. Any 2xx is good; Twilio asks for 204."""


class AssignmentCallback(Form):
    """An offer. A 200 with an instruction, or without a word: the answer comes by REST, or it is too late."""

    def fault(self, answer: Answer) -> str:
        if answer.status not in (200, 204):
            return f"the address answered {answer.status}"
        read = instruction(answer.body, content_type=answer.content_type)
        return str(read) if isinstance(read, Fault) else ""


# --- instructions ---


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer. https://www.twilio.com/docs/api/errors"""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def instruction(body: bytes | str, *, content_type: str = "application/json") -> Mapping[str, Any] | Fault:
    """What an answer says: a document with a known ``instruction``, or ``{}`` when it says nothing yet.

    >>> instruction('{"instruction": "accept"}')
    {'instruction': 'accept'}
    >>> instruction("<Response/>", content_type="text/xml").code, instruction("[]").code, instruction("{}").code
    (40000, 40001, 40005)
    """
    if not body.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return Fault(40000, "the answer's Content-Type is not application/json")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return Fault(40001, "the answer is not a JSON object")
    if "instruction" not in document:
        return Fault(40005, "the answer has no instruction")
    return _known(document)


def _known(document: Mapping[str, Any]) -> Mapping[str, Any] | Fault:
    given = document["instruction"]
    if given in CARRIED_OUT:
        return document
    if given in NEEDS_A_VOICE:
        return Fault(55555, f"the instruction {given} needs a telephone call, and there is no voice here")
    return Fault(55555, "the instruction is not known; accept and reject are")


# --- what is sent ---


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
