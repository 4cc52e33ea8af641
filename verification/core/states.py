"""The machines of a verification, and of one sending of its code."""

from kernel.machine import Machine, on

VERIFICATION = Machine(
    "verification",
    initial="pending",
    moves={
        "approve": on("pending", to="approved"),
        "cancel": on("pending", to="canceled"),
        "expire": on("pending", to="expired"),
        "exhaust": on("pending", to="max_attempts_reached"),
    },
)

SENDING = Machine(
    "sending",
    initial="queued",
    moves={
        "claim": on("queued", to="sending"),
        "accept": on("sending", to="sent"),
        "put_back": on("sending", to="queued"),
        "fail": on("queued", "sending", to="failed"),
        "lose": on("sending", to="unknown"),
    },
)
