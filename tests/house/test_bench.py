"""The benchmark's own arithmetic, and that it burdens no machine but this one."""

import doctest
import math

import pytest

import bench.figures
import bench.report
import bench.routing.shape
import bench.scratch
from bench.report import Check, number, ratio, spread
from bench.routing.shape import Shape
from bench.scratch import Refused, require_loopback
from routing.core.expressions import parse


@pytest.mark.parametrize("module", [bench.figures, bench.report, bench.routing.shape, bench.scratch])
def test_examples_hold(module) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_ratio_compares_within_a_round() -> None:
    rates, floors = [100.0, 1000.0, 300.0], [100.0, 500.0, 100.0]

    assert ratio(rates, floors) == 2.0


def test_a_spread_of_nothing_is_no_number() -> None:
    assert math.isnan(spread([]))
    assert math.isnan(spread([0.0, 1.0]))


def test_a_bound_itself_is_met() -> None:
    assert Check("flat", 0.8, "≥", 0.8).met
    assert Check("lost", 0, "≤", 0, "").met
    assert not Check("lost", 1, "≤", 0, "").met


def test_what_is_no_number_is_shown_as_such() -> None:
    assert number(math.nan) == "–"


@pytest.mark.parametrize("url", ["postgresql://ana@10.1.2.3/x", "postgresql://db.example.com:5432/x"])
def test_another_machine_is_refused_unless_allowed(url: str) -> None:
    with pytest.raises(Refused):
        require_loopback(url, allow_remote=False)

    require_loopback(url, allow_remote=True)


@pytest.mark.parametrize("url", ["postgresql://ana@127.0.0.1/x", "postgresql://ana@[::1]:5432/x", "postgresql:///x"])
def test_this_machine_is_not_refused(url: str) -> None:
    require_loopback(url, allow_remote=False)


@pytest.mark.parametrize("shape", [Shape(0, 100, 10, 1), Shape(0, 10_000, 200, 1)])
def test_every_queue_is_served_and_every_agent_serves_a_few(shape: Shape) -> None:
    queues = [parse(shape.expression(queue)) for queue in range(shape.queues)]
    crew = [shape.attributes(worker) for worker in range(min(shape.workers, 1000))]

    served = [sum(queue(agent) for agent in crew) for queue in queues]
    serves = [sum(queue(agent) for queue in queues) for agent in crew]

    assert min(served) > 0
    assert 4 <= sum(serves) / len(serves) <= 9
