"""What an old snapshot costs: a dump or a forgotten shell keeps every dead row version alive."""

from bench.report import Check, Section, measured, number
from bench.routing.shape import Shape
from bench.routing.throughput import Bench, drain, open_bench
from bench.run import Run

ASSIGNMENTS = 16_000
CHUNK = 2_000
HELD_LEAST = 0.6


def snapshot(run: Run) -> Section:
    """Two alike contact centres are drained in turn; in one of them an old transaction stays open."""
    shape = Shape(20_000 if run.quick else 60_000, 100, 10, 50)
    total = ASSIGNMENTS // 4 if run.quick else ASSIGNMENTS
    free, held = run.fresh(shape), run.fresh(shape)
    rates: dict[str, list[float]] = {"free": [], "held": []}
    try:
        benches = {"free": open_bench(free), "held": open_bench(held)}
        with held.site.connect() as dump:
            dump.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            dump.execute("SELECT count(*) FROM routing_task")
            for _ in range(total // CHUNK):
                for name, bench in benches.items():
                    rates[name].append(_chunk(bench))
            dump.execute("ROLLBACK")
    finally:
        free.close()
        held.close()
    return _section(rates, total)


def _chunk(bench: Bench) -> float:
    return drain(bench, CHUNK)


def _section(rates: dict[str, list[float]], total: int) -> Section:
    # Equal chunks: the rate of the whole is the harmonic mean.
    mean = {name: len(each) / sum(1 / rate for rate in each) for name, each in rates.items()}
    last = rates["held"][-1] / rates["free"][-1]
    section = Section(
        f"An old snapshot held open for {total:,} assignments",
        ["", "assignments/s", "the whole", "last chunk"],
        [
            ["free", measured(rates["free"]), number(mean["free"]), number(rates["free"][-1])],
            ["held", measured(rates["held"]), number(mean["held"]), number(rates["held"][-1])],
            ["held ÷ free", "", number(mean["held"] / mean["free"]), number(last)],
        ],
        data={"rates": rates, "held_by_free": mean["held"] / mean["free"], "last": last},
    )
    section.checks = [Check("held snapshot ÷ free", mean["held"] / mean["free"], "≥", HELD_LEAST)]
    section.notes.append(f"Draining in chunks of {CHUNK:,}, the two databases in turn.")
    return section
