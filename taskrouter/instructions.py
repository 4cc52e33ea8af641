"""Instructions, by which an offer is answered: in what an assignment callback gets for an answer, or by REST.

https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import Conflict
from routing.models import Reservation

ANSWERS: Final = {"accept": "accepted", "reject": "rejected"}
"""Those that are carried out, and the status of the reservation that each asks for."""

CALL_PARAMETERS: Final = (
    *("dequeue_post_work_activity_sid", "dequeue_from", "dequeue_record", "dequeue_timeout", "dequeue_to"),
    *("dequeue_status_callback_url", "dequeue_status_callback_event"),
    *("call_from", "call_record", "call_timeout", "call_to", "call_url", "call_status_callback_url", "call_accept"),
    *("redirect_call_sid", "redirect_accept", "redirect_url"),
    *("to", "from", "status_callback", "status_callback_method", "status_callback_event", "timeout", "record"),
    *("muted", "beep", "start_conference_on_enter", "end_conference_on_exit", "end_conference_on_customer_exit"),
    *("beep_on_customer_entrance", "wait_url", "wait_method", "early_media", "max_participants"),
    *("conference_status_callback", "conference_status_callback_method", "conference_status_callback_event"),
    *("conference_record", "conference_trim", "recording_channels"),
    *("recording_status_callback", "recording_status_callback_method"),
    *("conference_recording_status_callback", "conference_recording_status_callback_method"),
    *("region", "sip_auth_username", "sip_auth_password", "post_work_activity_sid", "jitter_buffer_size"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """An instruction that would make a call.

    ``states`` are those of the reservation in which Twilio takes it. Of ``needs`` one must be among the task's
    attributes.
    """

    states: tuple[str, ...] = ("pending",)
    needs: tuple[str, ...] = ()
    in_transfer: bool = False


CALLS: Final[Mapping[str, Call]] = {
    "call": Call(),
    "redirect": Call(),
    "dequeue": Call(needs=("call_sid",)),
    "conference": Call(needs=("call_sid", "outbound_to"), in_transfer=True),
    "supervise": Call(states=("accepted", "wrapping"), in_transfer=True),
}
OF_OFFERS: Final = tuple(name for name, call in CALLS.items() if "pending" in call.states)
"""The calls that answer an offer."""


def unserved(row: Reservation, instruction: str) -> Conflict:
    """Why a call is not made: what is amiss with it, or that none are made yet."""
    call = CALLS[instruction]
    told = {"instruction": instruction, "sid": row.sid, "status": row.reservation_status}
    if row.transfer_id is not None and not call.in_transfer:
        return Conflict(
            "%(instruction)s is no instruction for a task in transfer. Voice is not served yet.",
            code="instruction-in-transfer",
            params=told,
        )
    if row.reservation_status not in call.states:
        return Conflict(
            "%(instruction)s is no instruction for reservation %(sid)s, which is in state [%(status)s]. "
            "Voice is not served yet.",
            code=f"{instruction}-state",
            params=told,
        )
    if call.needs and not any(row.task.attributes.get(name) for name in call.needs):
        return Conflict(
            "%(instruction)s needs %(names)s among the attributes of the task. Voice is not served yet.",
            code=f"{instruction}-call",
            params={**told, "names": " / ".join(call.needs)},
        )
    return Conflict(
        "%(instruction)s makes a call, and voice is not served yet.", code=f"{instruction}-failed", params=told
    )


# --- in the answer to a callback ---


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer. https://www.twilio.com/docs/api/errors"""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def read(body: bytes | str, *, content_type: str = "application/json") -> Mapping[str, Any] | Fault:
    """What an answer says: a document with a known ``instruction``, or ``{}`` when it says nothing yet.

    >>> read('{"instruction": "accept"}')
    {'instruction': 'accept'}
    >>> read("<Response/>", content_type="text/xml").code, read("[]").code, read("{}").code
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
    if isinstance(given, str) and given in ANSWERS:
        return document
    if given in OF_OFFERS:
        return Fault(55555, f"the instruction {given} needs a telephone call, and there is no voice here")
    return Fault(55555, "the instruction is not known; accept and reject are")
