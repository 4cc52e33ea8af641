"""Which events tell of a changed configuration: its history reads them, and an index finds them among all others."""

from typing import Final

KINDS: Final = (
    "workspace",
    "activity",
    "task-channel",
    "worker",
    "task-queue",
    "workflow",
    "calendar",
    "address",
    "messaging-service",
    "deployment",
    "intake",
)
"""What is configured: the first word of the event's type."""

TYPES: Final = (
    *(f"{kind}.{verb}" for kind in KINDS for verb in ("created", "updated", "deleted")),
    "intake.saved",
    "worker.attributes.update",
    "worker.capacity.update",
    "worker.channel.availability.update",
    "task-queue.expression.updated",
    "workflow.draft.saved",
    "workflow.draft.discarded",
    "workflow.published",
    "workflow.reverted",
)
