"""The machine of a request about a person's data."""

from kernel.machine import Machine, on

REQUEST = Machine(
    "data request",
    initial="queued",
    moves={
        "claim": on("queued", "running", to="running"),
        "finish": on("running", to="done"),
        "fail": on("running", to="failed"),
        "put_back": on("running", to="queued"),
        "expire": on("done", to="expired"),
    },
)

OPEN = ("queued", "running")
