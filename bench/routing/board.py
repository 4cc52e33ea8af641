"""The board and the decision alone, read from tables of every size: seconds, bytes, microseconds."""

from bench.report import Check, Section, measured, number
from bench.routing.throughput import FULL, LARGE_WIDE, MIDDLE, QUICK
from bench.run import Run

BYTES_A_TASK = 400.0


def board(run: Run) -> Section:
    """A new process each time reads the board and decides without writing."""
    section = Section(
        "The board alone",
        ["waiting/agents/queues", "read from the tables in", "memory", "bytes a task", "decision, µs an offer"],
    )
    for shape in QUICK if run.quick else FULL:
        stage = run.stage(shape)
        stage.feed.finish(events=False)
        hand = stage.site.hand()
        read = hand.call("routing.router:take_over")
        decided = hand.call("routing.router:decide_only", most=min(10_000, shape.tasks // 2))
        hand.stop()
        each = read["mb"] * 2**20 / max(1, read["waiting"])
        section.rows.append(
            [
                shape.label,
                f"{number(read['seconds'])} s",
                f"{read['mb']:.0f} MB",
                number(each) if shape.tasks >= 100_000 else "–",
                measured(decided),
            ]
        )
        section.data[shape.label] = {**read, "bytes_a_task": each, "decision_us": decided}
        if shape in (LARGE_WIDE, MIDDLE):
            section.checks.append(Check(f"memory of the board, {shape.label}", each, "≤", BYTES_A_TASK, "bytes"))
    section.notes.append(
        "Memory: what the process holds more after reading, agents and queues with it. Decision: batches of 1,000 "
        "offers, nothing written; the floor of all of it is nothing at all."
    )
    return section
