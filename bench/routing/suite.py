"""The figures of routing by name."""

from collections.abc import Callable

from bench.peers.side import peers
from bench.report import Section
from bench.routing.board import board
from bench.routing.embedded import embedded
from bench.routing.expressions import expressions
from bench.routing.failover import exact, takeover
from bench.routing.latency import latency
from bench.routing.snapshot import snapshot
from bench.routing.throughput import throughput
from bench.routing.timing import timers
from bench.run import Run

WITHOUT_SERVERS = ("expressions", "embedded")
"""What needs no PostgreSQL."""

# In this order: what needs the largest databases comes while they are there.
FIGURES: dict[str, Callable[[Run], Section]] = {
    "throughput": throughput,
    "board": board,
    "takeover": takeover,
    "timers": timers,
    "peers": peers,
    "latency": latency,
    "exact": exact,
    "snapshot": snapshot,
    "expressions": expressions,
    "embedded": embedded,
}
