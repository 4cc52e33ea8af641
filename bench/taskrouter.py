"""TaskRouter's REST API in a small and in a large workspace, beside one query by hand and its JSON."""

from bench.figures import percentile
from bench.report import Check, Section, measured, number, ratio
from bench.routing.shape import Shape, short
from bench.run import Run

LIST_MS, CREATE_MS, GROWTH = 15.0, 25.0, 1.2
SMALL, LARGE = Shape(1_000, 100, 10, 3), Shape(100_000, 100, 10, 3)
CALLS = {"list": "list of 50 tasks", "create": "create task"}


def taskrouter(run: Run) -> Section:
    """The two workspaces in turn, so that the machine is the same to both."""
    rounds, count = (3, 40) if run.quick else (7, 150)
    stages = {shape: run.fresh(shape) for shape in (SMALL, LARGE)}
    found: dict[Shape, dict[str, list[float]]] = {shape: {} for shape in stages}
    try:
        hands = {shape: stage.site.hand() for shape, stage in stages.items()}
        for shape, stage in stages.items():
            seed = stage.seed
            hands[shape].call(
                "taskrouter_calls:prepare",
                workspace=seed.workspace["id"],
                columns=seed.samples["columns"]["routing.Task"],
                attributes=shape.task_attributes(1),
            )
            hands[shape].call("taskrouter_calls:measure", count=20)  # What is compiled and connected at first.
        for _ in range(rounds):
            for shape, hand in hands.items():
                run.floor()
                for name, times in hand.call("taskrouter_calls:measure", count=count).items():
                    found[shape].setdefault(name, []).append(percentile(times, 0.5))
    finally:
        for stage in stages.values():
            stage.close()
    return _section(found, rounds=rounds, count=count)


def _section(found: dict[Shape, dict[str, list[float]]], *, rounds: int, count: int) -> Section:
    section = Section(
        "TaskRouter's REST API",
        ["call", "tasks", "p50, ms", "by hand, ms", "÷ by hand"],
        data={short(shape.tasks): times for shape, times in found.items()},
    )
    for call, limit in (("list", LIST_MS), ("create", CREATE_MS)):
        for shape, times in found.items():
            ours, floor = times[call], times[f"{call} by hand"]
            cells = [measured(ours), measured(floor), number(ratio(ours, floor))]
            section.rows.append([CALLS[call], short(shape.tasks), *cells])
            section.checks.append(
                Check(f"{CALLS[call]}, {short(shape.tasks)} in the workspace", percentile(ours, 0.5), "≤", limit, "ms")
            )
        growth = ratio(found[LARGE][call], found[SMALL][call])
        section.checks.append(Check(f"{CALLS[call]}, {short(LARGE.tasks)} ÷ {short(SMALL.tasks)}", growth, "≤", GROWTH))
    section.notes.append(
        f"Server time: the whole of Django with its middleware, in process, {rounds} rounds of {count} requests; the "
        "median of each round. By hand: one SELECT of 50 tasks, or one INSERT and its commit, and json.dumps."
    )
    return section
