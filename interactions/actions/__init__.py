"""The verbs that tie conversations to tasks: the only place that knows both."""

from interactions.actions.handoffs import hand_off
from interactions.actions.intakes import delete_intake, save_intake
from interactions.actions.interactions import (
    bring_agent,
    complete,
    dismiss_agent,
    finish,
    give_up_on_bot,
    greet,
    open_interaction,
    words_arrived,
)

__all__ = [
    "bring_agent",
    "complete",
    "delete_intake",
    "dismiss_agent",
    "finish",
    "give_up_on_bot",
    "greet",
    "hand_off",
    "open_interaction",
    "save_intake",
    "words_arrived",
]
