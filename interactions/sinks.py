"""What follows between conversations and tasks, neither of which knows the other."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import structlog
from django.db import transaction

from agents.models import Worker
from conversations.models import Conversation
from eventlog.numbered import NumberedEvent
from eventlog.sinks import DatabaseSink
from interactions import actions, queries
from kernel.errors import DomainError
from routing.core.states import TASK_ENDED

logger = structlog.get_logger(__name__)


class Follow(DatabaseSink):
    """Words seek an agent; an accepted offer brings one; who is done with his part leaves; a finished task ends it."""

    types: ClassVar[frozenset[str]] = frozenset(
        {
            "conversation.started",
            "message.added",
            "webhook.failed",
            "reservation.accepted",
            "reservation.completed",
            "task.completed",
            "task.canceled",
        }
    )

    def sift(self, events: Sequence[NumberedEvent]) -> Sequence[NumberedEvent]:
        """Leave out what customers say to agents who are there: nothing follows from it.

        Should such a task end in the meantime, its own event comes later, and `finish` looks at what was not read.
        """
        said = {event.data["conversation_sid"] for event in events if event.type == "message.added"}
        attended = queries.attended(said)
        return [
            event
            for event in events
            if event.type != "message.added"
            or (event.data["direction"] == "inbound" and event.data["conversation_sid"] not in attended)
        ]

    def handle(self, event: NumberedEvent) -> None:
        """A refusal (no filter of the workflow takes the words) is told in the log and holds nobody else up.

        The words themselves are kept, and the customer's next ones seek an agent again.
        """
        try:
            with transaction.atomic():
                _HANDLERS[event.type](event)
        except DomainError as error:
            logger.error("nothing followed", type=event.type, subject=event.subject_sid, code=error.code)


def _started(event: NumberedEvent) -> None:
    actions.greet(_conversation(event.subject_sid))


def _said(event: NumberedEvent) -> None:
    conversation = _conversation(event.data["conversation_sid"])
    actions.words_arrived(conversation, event_sid=event.sid, payload=event.data)


def _unreachable(event: NumberedEvent) -> None:
    conversation = Conversation.objects.filter(sid=event.data["about_sid"]).first()
    if conversation is not None:
        actions.give_up_on_bot(conversation)


def _accepted(event: NumberedEvent) -> None:
    interaction = queries.interaction_of_task(event.data["task"]["sid"])
    if interaction is not None:
        actions.bring_agent(interaction, worker=Worker.objects.get(sid=event.data["worker_sid"]))


def _part_ended(event: NumberedEvent) -> None:
    """The task of an agent who was alone with it has ended as well, and its own event tells the rest."""
    if event.data["task"]["assignment_status"] in TASK_ENDED:
        return
    interaction = queries.interaction_of_task(event.data["task"]["sid"])
    if interaction is not None:
        actions.dismiss_agent(interaction, worker=Worker.objects.get(sid=event.data["worker_sid"]))


def _ended(event: NumberedEvent) -> None:
    interaction = queries.interaction_of_task(event.subject_sid)
    if interaction is not None:
        actions.finish(interaction, completed=event.type == "task.completed")


def _conversation(sid: str) -> Conversation:
    return Conversation.objects.select_related("workspace", "address", "identity__contact").get(sid=sid)


_HANDLERS: dict[str, Callable[[NumberedEvent], None]] = {
    "conversation.started": _started,
    "message.added": _said,
    "webhook.failed": _unreachable,
    "reservation.accepted": _accepted,
    "reservation.completed": _part_ended,
    "task.completed": _ended,
    "task.canceled": _ended,
}
