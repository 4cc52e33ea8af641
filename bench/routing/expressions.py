"""What it costs to ask whether an agent may serve a queue, beside the same question written by hand in Python."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from bench.report import Check, Section, measured, number, ratio
from bench.routing.shape import Shape
from bench.run import Run
from routing.core.board import Board
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts

WIDE = Shape(200, 10_000, 200, 3)
BY_HAND_MOST = 3.0
SAMPLE = 250

Test = Callable[[Mapping[str, Any]], bool]


def expressions(run: Run) -> Section:
    """Every queue's expression over some agents; then agents who change, on a board with a task in each queue."""
    tests = [parse(WIDE.expression(queue)) for queue in range(WIDE.queues)]
    by_hand = [_by_hand(WIDE.expression(queue)) for queue in range(WIDE.queues)]
    people = [WIDE.attributes(row) for row in range(SAMPLE)]
    _must_agree(tests, by_hand, people)
    ours, theirs, changes = [], [], []
    board = _board(2_000 if run.quick else WIDE.workers)
    for turn in range(3):
        theirs.append(_microseconds(by_hand, people))
        ours.append(_microseconds(tests, people))
        changes.append(_reindex(board, turn))
    floor = [each * WIDE.queues for each in theirs]
    section = Section(
        "Expressions",
        ["", "µs", "by hand, µs", "÷ by hand"],
        [
            ["one expression, three terms", measured(ours), measured(theirs), number(ratio(ours, theirs))],
            [
                f"an agent's attributes change, {WIDE.queues} queues",
                measured(changes),
                measured(floor),
                number(ratio(changes, floor)),
            ],
        ],
        data={"expression_us": ours, "by_hand_us": theirs, "reindex_us": changes},
    )
    section.checks = [Check("expression ÷ hand-written lambda", ratio(ours, theirs), "≤", BY_HAND_MOST)]
    section.notes.append(
        "By hand: a lambda that would raise on other data; ours never raises, whatever the attributes hold. The second "
        f"floor asks all {WIDE.queues} lambdas once, and keeps no index."
    )
    return section


def _by_hand(expression: str) -> Test:
    """The expression as a programmer would write it for exactly these attributes."""
    _, skill, _, language, _ = expression.split("'")
    least = int(expression.rsplit(" ", 1)[1])
    return lambda who: skill in who["skills"] and language in who["languages"] and who["level"] >= least


def _must_agree(tests: list[Any], by_hand: list[Test], people: list[dict[str, Any]]) -> None:
    for test, lambda_ in zip(tests, by_hand, strict=True):
        if [test(who) for who in people] != [lambda_(who) for who in people]:
            raise RuntimeError("the two do not answer alike")


def _microseconds(tests: list[Any], people: list[dict[str, Any]]) -> float:
    began = time.perf_counter()
    for test in tests:
        for who in people:
            test(who)
    return (time.perf_counter() - began) * 1e6 / (len(tests) * len(people))


def _board(workers: int) -> Board:
    board = Board()
    for queue in range(WIDE.queues):
        board.put_queue(QueueFacts(sid=f"WQ{queue}", expression=parse(WIDE.expression(queue))))
    for row in range(workers):
        board.put_worker(_worker(row, WIDE.attributes(row)))
    now = time.time()
    for queue in range(WIDE.queues):
        task = TaskFacts(
            number=queue + 1,
            version=1,
            queue=f"WQ{queue}",
            channel="default",
            priority=0,
            virtual_start=now,
            created=now,
        )
        board.put_task(task, now=now)
    return board


def _worker(row: int, attributes: dict[str, Any]) -> WorkerFacts:
    return WorkerFacts(
        sid=f"WK{row}",
        number=row,
        friendly_name=f"agent {row}",
        activity_sid="WA1",
        activity_name="Available",
        available=True,
        attributes=attributes,
        channels={"default": ChannelFacts(configured_capacity=3)},
    )


def _reindex(board: Board, turn: int) -> float:
    """Agents take on one another's skills."""
    changed = [_worker(row, WIDE.attributes(row + 7 * (turn + 1))) for row in range(SAMPLE)]
    took = []
    for worker in changed:
        began = time.perf_counter()
        board.put_worker(worker)
        took.append((time.perf_counter() - began) * 1e6)
    return median(took)
