"""All that an agent's screen shows, at one moment."""

from typing import TypedDict

from agents.models import Worker
from agents.payloads import ActivityPayload, WorkerPayload, activity_payload, worker_payload
from agents.queries import activities
from conversations import queries as conversations
from conversations.payloads import CarrierPayload, ConversationPayload, MessagePayload
from conversations.queries.scheduled import waiting_in
from conversations.scheduled_payloads import ScheduledMessagePayload
from routing import queries as routing
from routing.payloads import ReservationPayload, TransferPayload, reservation_payload, transfer_payload


class DeskSnapshot(TypedDict):
    """What `hello` is answered with."""

    worker: WorkerPayload
    activities: list[ActivityPayload]
    reservations: list[ReservationPayload]
    transfers: list[TransferPayload]
    conversations: list[ConversationPayload]
    messages: list[MessagePayload]
    scheduled: list[ScheduledMessagePayload]
    carrier: CarrierPayload


def of(worker: Worker) -> DeskSnapshot:
    """Read after the heads, so that nothing falls between the snapshot and the events that follow it."""
    present = conversations.present_conversations(worker)
    sids = [row["sid"] for row in present]
    return {
        "worker": worker_payload(worker),
        "activities": [activity_payload(row) for row in activities(worker.workspace)],
        "reservations": [reservation_payload(row) for row in routing.open_reservations(worker)],
        "transfers": [transfer_payload(row) for row in routing.begun_transfers(worker)],
        "conversations": present,
        "messages": conversations.with_recent_messages(sids),
        "scheduled": waiting_in(sids),
        "carrier": conversations.carrier(),
    }
