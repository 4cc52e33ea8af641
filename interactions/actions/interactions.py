"""Opening, following and finishing: here a conversation and a task know each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from agents.models import Worker
from conversations import actions as conversations
from conversations import queries as conversation_queries
from conversations.models import Conversation, Message
from hooks import actions as hooks
from interactions import core, queries
from interactions.models import Interaction
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Invalid
from routing import actions as routing
from routing.models import Task, TaskQueue, Workflow


def open_interaction(
    conversation: Conversation,
    *,
    task_queue: TaskQueue | None = None,
    skills: Sequence[str] = (),
    priority: int = 0,
    extra: Mapping[str, Any] | None = None,
) -> Interaction:
    """The conversation waits for an agent: a task is created, and the queue owns the conversation.

    An interaction that is open already is returned as it is.
    """
    with transaction.atomic():
        locked = conversation_queries.locked_conversation(conversation.pk)
        known = queries.open_interaction(locked)
        if known is not None:
            return known
        if locked.owner != Conversation.Owner.QUEUE:
            conversations.set_owner(locked, owner=Conversation.Owner.QUEUE, actor=SYSTEM)
        task = routing.create_task(
            locked.workspace,
            attributes=_attributes(locked, extra=extra or {}),
            actor=SYSTEM,
            workflow=None if task_queue is not None else _workflow(locked),
            task_queue=task_queue,
            priority=priority,
            task_channel=core.TASK_CHANNELS[locked.channel],
            required_skills=tuple(skills),
        )
        return Interaction.objects.create(workspace=locked.workspace, conversation=locked, task=task)


def words_arrived(conversation: Conversation, *, event_sid: str, payload: Mapping[str, Any]) -> None:
    """The customer said something: the bot that owns the conversation hears it, or an agent is sought.

    Nobody is, for a contact who is blocked: the words are kept.
    """
    if conversation.identity.contact.blocked_at is not None:
        return
    intake = queries.intake_of(conversation)
    bot = queries.bot_of(intake)
    if conversation.owner == Conversation.Owner.BOT and bot is not None:
        hooks.enqueue(
            bot,
            type="message.added",
            subject_sid=conversation.sid,
            payload={"conversation_sid": conversation.sid, "message": dict(payload)},
            event_sid=event_sid,
            actor=SYSTEM,
        )
    elif intake is not None and conversation.state == Conversation.State.ACTIVE:
        open_interaction(conversation)


def greet(conversation: Conversation) -> None:
    """A conversation has begun: where a bot answers first, it owns it."""
    if queries.bot_of(queries.intake_of(conversation)) is None:
        return
    with transaction.atomic():
        # Under the lock: a hand-off that commits meanwhile must not find the conversation given back to a bot.
        locked = conversation_queries.locked_conversation(conversation.pk)
        if queries.open_interaction(locked) is None:
            conversations.set_owner(locked, owner=Conversation.Owner.BOT, actor=SYSTEM)


def give_up_on_bot(conversation: Conversation) -> None:
    """The bot could not be reached: people take over what it owns."""
    if conversation.owner == Conversation.Owner.BOT and conversation.state == Conversation.State.ACTIVE:
        open_interaction(conversation)


def bring_agent(interaction: Interaction, *, worker: Worker) -> None:
    """The agent accepted: from now on the agent takes part."""
    conversations.join(interaction.conversation, worker=worker, actor=SYSTEM)


def dismiss_agent(interaction: Interaction, *, worker: Worker) -> None:
    """The agent's part is done and somebody else goes on with the task: a transfer, to whom it was brought before."""
    conversations.leave(interaction.conversation, worker=worker, actor=SYSTEM)


def finish(interaction: Interaction, *, completed: bool) -> None:
    """The task has ended. A completed one closes the conversation, unless the customer said something unseen.

    Words that no agent has read open a new task: closing them away would lose them; those of a blocked contact do not.
    After a cancelled task the conversation stays open, and the customer's next words seek an agent again.
    """
    with transaction.atomic():
        locked = conversation_queries.locked_conversation(interaction.conversation.pk)
        Interaction.objects.filter(pk=interaction.pk, ended_at__isnull=True).update(ended_at=clock.now())
        read = queries.read_index(locked)
        for participant in conversation_queries.present(locked):
            conversations.leave(locked, worker=participant.worker, actor=SYSTEM)
        if not completed or locked.state == Conversation.State.CLOSED:
            return
        is_blocked = locked.identity.contact.blocked_at is not None
        if is_blocked or core.answered(last_inbound_index=locked.last_inbound_index, read_index=read):
            conversations.close(locked, actor=SYSTEM)
        else:
            _seek_again(locked, queue=interaction.task.task_queue)


def _seek_again(conversation: Conversation, *, queue: TaskQueue | None) -> None:
    """What the address leads to decides; where it leads nowhere, the words wait in ``queue``, as those before did."""
    try:
        with transaction.atomic():
            open_interaction(conversation)
    except Invalid:
        if queue is not None:
            open_interaction(conversation, task_queue=queue)


def complete(task: Task, *, actor: Actor, disposition: str = "", note: str = "") -> Task:
    """The agent is done with the task; how it ended and the note stay with the conversation.

    Raises what ``routing.actions.complete`` raises; then nothing is kept.
    """
    with transaction.atomic():
        interaction = queries.interaction_of_task(task.sid)
        if interaction is not None and (disposition or note):
            outcome = {"disposition": disposition, "note": note, "by": actor.name, "at": clock.iso(clock.now())}
            conversations.describe(interaction.conversation, attributes={"outcome": outcome}, actor=SYSTEM)
        return routing.complete(task, actor=actor, reason=disposition or "completed")


def _workflow(conversation: Conversation) -> Workflow:
    intake = queries.intake_of(conversation)
    if intake is None:
        raise Invalid(
            "The address %(address)s leads to no workflow. Name a queue, or give the address an intake.",
            field="queue",
            params={"address": conversation.address.address},
        )
    return intake.workflow


def _attributes(conversation: Conversation, *, extra: Mapping[str, Any]) -> dict[str, Any]:
    inbound = Message.objects.filter(conversation=conversation, direction=Message.Direction.INBOUND)
    last = inbound.order_by("-index").values_list("body", flat=True).first() or ""
    return core.task_attributes(
        conversation_sid=conversation.sid,
        channel=conversation.channel,
        customer=conversation.identity.address,
        ours=conversation.address.address,
        name=conversation.identity.contact.name,
        last_words=last,
        # What a web chat asked first; a bot that asked later knows better.
        extra={**conversation.attributes.get("pre_chat", {}), **extra},
    )
