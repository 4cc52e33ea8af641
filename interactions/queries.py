"""Reads: which interaction, where a hand-off stands."""

from collections.abc import Collection
from typing import TypedDict

from conversations.models import Conversation, Participant
from hooks.models import Endpoint
from interactions.models import HandOff, Intake, Interaction
from kernel import clock
from kernel.actor import Actor
from kernel.errors import NotFound
from routing import queries as routing
from routing.core.states import RESERVATION_TAKEN
from routing.models import Reservation, Task

_STATES = {
    "pending": "waiting",
    "reserved": "offered",
    "assigned": "active",
    "wrapping": "wrapping",
    "completed": "completed",
    "canceled": "canceled",
}


class HandOffPayload(TypedDict):
    """Where a hand-off stands. ``position`` counts from 1 and is null once an agent has it."""

    sid: str
    state: str
    position: int | None
    queue: str | None
    agent: str | None
    conversation_sid: str
    task_sid: str
    date_created: str | None


def intake_of(conversation: Conversation) -> Intake | None:
    """What the conversation's address leads to."""
    rows = Intake.objects.select_related("workflow", "bot").filter(address=conversation.address_id)
    return rows.first()


def bot_of(intake: Intake | None) -> Endpoint | None:
    """The bot that answers first, if the address has one and it is switched on."""
    return intake.bot if intake is not None and intake.bot is not None and intake.bot.active else None


def open_interaction(conversation: Conversation) -> Interaction | None:
    """The interaction that an agent works on or will work on."""
    rows = Interaction.objects.filter(conversation=conversation, ended_at__isnull=True)
    return rows.select_related("task").first()


def attended(sids: Collection[str]) -> set[str]:
    """Those of these conversations in which an agent takes part under an open interaction."""
    if not sids:
        return set()
    rows = Conversation.objects.filter(
        sid__in=sids, owner=Conversation.Owner.AGENT, interactions__ended_at__isnull=True, interactions__isnull=False
    )
    return set(rows.values_list("sid", flat=True))


def interaction_of_task(task_sid: str) -> Interaction | None:
    """The interaction whose task this is; tasks of other kinds have none."""
    rows = Interaction.objects.filter(task__sid=task_sid)
    return rows.select_related("conversation", "task", "workspace").first()


def read_index(conversation: Conversation) -> int:
    """How far the agents have read, present or gone."""
    rows = Participant.objects.filter(conversation=conversation).order_by("-read_index")
    return rows.values_list("read_index", flat=True).first() or 0


def handoff(sid: str, *, actor: Actor) -> HandOff:
    """A hand-off of the actor's own account; raises ``NotFound``."""
    rows = HandOff.objects.filter(sid=sid, workspace__account__sid=actor.account_sid)
    found = rows.select_related("interaction__task__task_queue", "interaction__conversation").first()
    if found is None:
        raise NotFound("There is no hand-off %(sid)s.", params={"sid": sid[:64]})
    return found


def agent_of(task: Task) -> str | None:
    """The name of the last agent who took the task."""
    taken = Reservation.objects.filter(task=task, reservation_status__in=RESERVATION_TAKEN).order_by("-id")
    return taken.values_list("worker__friendly_name", flat=True).first()


def handoff_payload(handed: HandOff) -> HandOffPayload:
    """The answer to "where does it stand?"."""
    task = handed.interaction.task
    return {
        "sid": handed.sid,
        "state": "active" if task.in_transfer else _STATES[task.assignment_status],
        "position": None if task.in_transfer else routing.position(task) or None,
        "queue": task.task_queue.friendly_name if task.task_queue else None,
        "agent": agent_of(task),
        "conversation_sid": handed.interaction.conversation.sid,
        "task_sid": task.sid,
        "date_created": clock.iso(handed.created_at),
    }
