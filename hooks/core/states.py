"""The life of one webhook. An attempt is a lease on a pending row, so a dead worker's comes back by itself."""

from kernel.machine import Machine, on

DISPATCH = Machine(
    "webhook",
    initial="pending",
    moves={
        "claim": on("pending", to="pending"),
        "deliver": on("pending", to="delivered"),
        "retry": on("pending", to="pending"),
        "fail": on("pending", to="failed"),
        "replay": on("delivered", "failed", to="pending"),
    },
)
