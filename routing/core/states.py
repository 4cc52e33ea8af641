"""The states of tasks and reservations, named as Twilio names them.

https://www.twilio.com/docs/taskrouter/lifecycle-task-state
https://www.twilio.com/docs/taskrouter/api/reservations
"""

from typing import Final

from kernel.machine import Machine, on

TASK: Final = Machine(
    "task",
    initial="pending",
    moves={
        "reserve": on("pending", to="reserved"),
        "release": on("reserved", to="pending"),
        "assign": on("reserved", to="assigned"),
        "wrap_up": on("assigned", to="wrapping"),
        "complete": on("assigned", "wrapping", to="completed"),
        "cancel": on("pending", "reserved", to="canceled"),
        "transfer": on("assigned", to="pending"),
        "keep": on("pending", "reserved", to="assigned"),
    },
)
"""``transfer`` sends an assigned task on while its first agent keeps his reservation; ``keep`` gives it back to him."""

RESERVATION: Final = Machine(
    "reservation",
    initial="pending",
    moves={
        "accept": on("pending", to="accepted"),
        "reject": on("pending", to="rejected"),
        "expire": on("pending", to="timeout"),
        "rescind": on("pending", to="rescinded"),
        "cancel": on("pending", to="canceled"),
        "wrap_up": on("accepted", to="wrapping"),
        "complete": on("accepted", "wrapping", to="completed"),
    },
)

TRANSFER: Final = Machine(
    "transfer",
    initial="initiated",
    moves={
        "complete": on("initiated", to="completed"),
        "fail": on("initiated", to="failed"),
        "cancel": on("initiated", to="canceled"),
    },
)

TRANSFER_ENDED: Final = ("completed", "failed", "canceled")

TASK_ENDED: Final = ("completed", "canceled")
TASK_LIVE: Final = ("pending", "reserved", "assigned", "wrapping")

RESERVATION_OPEN: Final = ("pending", "accepted", "wrapping")
"""What takes a slot of the worker's capacity."""

RESERVATION_TAKEN: Final = ("accepted", "wrapping", "completed")
"""What the worker has said yes to."""

RESERVATION_ENDED: Final = ("rejected", "timeout", "canceled", "rescinded", "completed")
