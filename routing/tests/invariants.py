"""What must hold at every moment of a simulation, looked at by brute force.

The rules are written down a second time here, slow and plain, so that a mistake in an index of the board shows.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.core.decide import Move, Offer
from routing.core.expressions import lookup
from routing.core.facts import QueueFacts, WorkerFacts
from routing.core.simulation.simulator import Simulation
from routing.core.simulation.staff import Agent, Case
from routing.core.workflow import Order

Key = tuple[int, int, float, int]

ROUNDING: Final = 1e-3
"""Seconds by which two ways to reckon the same moment may differ."""


class Broken(AssertionError):
    """What should never be."""


class Invariants:
    """An inspector that looks at each decision, or at every ``every``-th one.

    ``sample`` limits how many waiting tasks are compared with all agents in each look (None: all of them).
    """

    def __init__(self, *, every: int = 1, sample: int | None = None, seed: int = 1) -> None:
        self.looks = self.compared = 0
        self._every = every
        self._sample = sample
        self._random = random.Random(seed)
        self._decisions = self._settled = 0
        self._standing: dict[int, WorkerFacts] = {}
        self._places: dict[int, tuple[int, int]] = {}

    # --- hooks of the simulation ---

    def before(self, simulation: Simulation) -> None:
        self._decisions += 1
        looking = self._decisions % self._every == 0
        self._standing = {number: agent.facts() for number, agent in _present(simulation)} if looking else {}

    def decided(self, simulation: Simulation, offers: tuple[Offer, ...], moves: tuple[Move, ...]) -> None:
        for offer in offers:
            self._check_offer(simulation, offer)
        for move in moves:
            self._check_move(simulation, move)
        if self._standing and offers:
            self._check_order(simulation, offers)

    def settled(self, simulation: Simulation) -> None:
        self._settled += 1
        if self._settled % self._every == 0:
            self.looks += 1
            self._check_loads(simulation)
            self._check_nobody_forgotten(simulation)

    def finish(self, simulation: Simulation) -> None:
        """Every task that came has ended once, or is still there."""
        ended = simulation.completed + simulation.canceled
        if simulation.arrived != ended + len(simulation.cases):
            raise Broken(f"{simulation.arrived} tasks came, {ended} ended, {len(simulation.cases)} are left")

    # --- each decision ---

    def _check_offer(self, simulation: Simulation, offer: Offer) -> None:
        case = simulation.cases[offer.task]
        queue = simulation.board.queues[case.queue]
        pending = [asked.agent.number for asked in case.asked if asked.status == "pending"]
        if len(pending) > queue.max_reserved or len(set(pending)) != len(pending):
            raise Broken(f"task {case.number}: {len(pending)} offers stand, of {queue.max_reserved}")
        for number in pending:
            channel = simulation.agents[number].channel(case.channel)
            if channel.load > channel.configured_capacity and not case.arrival.ignore_capacity:
                raise Broken(f"agent {number}: {channel.load} of {channel.configured_capacity} slots taken")

    def _check_move(self, simulation: Simulation, move: Move) -> None:
        """A step's timer fires after its time and once: the task is further on each time."""
        case = simulation.cases[move.task]
        if case.status != "pending" or case.step is None:
            raise Broken(f"task {case.number}: a {move.cause} while {case.status}")
        place = case.step.filter % 10_000, case.step.target  # The default filter, -1, is the last.
        if self._places.get(case.number, (-1, -1)) >= place:
            raise Broken(f"task {case.number}: a second {move.cause} of the step {place}")
        self._places[case.number] = place
        age = case.step.deadline_age
        early = age is None or simulation.now < case.created + age - ROUNDING
        if move.cause == "timeout" and early:
            raise Broken(f"task {case.number}: a timeout {simulation.now - case.created:.3f} s old, of {age}")

    def _check_order(self, simulation: Simulation, offers: tuple[Offer, ...]) -> None:
        """Nobody was given a task while another that he could have had stood before it in line."""
        given = [number for offer in offers for number in offer.workers]
        waiting = self._sampled(simulation)
        for offer in offers:
            key = _key(simulation, simulation.cases[offer.task])
            for number in offer.workers:
                if given.count(number) == 1 and number in self._standing:
                    self._check_place(simulation, waiting, self._standing[number], key)
                    self._check_turn(simulation, offer, self._standing[number], set(given))

    def _check_place(self, simulation: Simulation, waiting: list[Case], worker: WorkerFacts, key: Key) -> None:
        for case in waiting:
            if case.number in simulation.board.waiting and _key(simulation, case) < key:
                self.compared += 1
                if could_take(case, worker, simulation.board.queues[case.queue], simulation.now):
                    raise Broken(f"agent {worker.number} was given a task that comes after task {case.number}")

    def _check_turn(self, simulation: Simulation, offer: Offer, chosen: WorkerFacts, given: set[int]) -> None:
        """Of those who were free, nobody whose turn it was has been passed over."""
        case = simulation.cases[offer.task]
        turn = _turn(simulation, case, chosen)
        for worker in self._standing.values():
            if worker.number not in given and _turn(simulation, case, worker) < turn:
                self.compared += 1
                if could_take(case, worker, simulation.board.queues[case.queue], simulation.now):
                    raise Broken(f"task {case.number} went to agent {chosen.number}: it was {worker.number}'s turn")

    # --- each moment ---

    def _check_loads(self, simulation: Simulation) -> None:
        held: dict[int, int] = {}
        for case in simulation.cases.values():
            for asked in case.asked:
                if asked.status in ("pending", "accepted", "wrapping"):
                    held[asked.agent.number] = held.get(asked.agent.number, 0) + 1
        for number, agent in simulation.agents.items():
            if agent.load - agent.occupied != held.get(number, 0):
                raise Broken(f"agent {number}: a load of {agent.load}, and {held.get(number, 0)} open reservations")

    def _check_nobody_forgotten(self, simulation: Simulation) -> None:
        waiting = self._sampled(simulation)
        if not waiting:
            return
        standing = [agent.facts() for _, agent in _present(simulation)]
        standing = [worker for worker in standing if any(_has_room(worker, name) for name in worker.channels)]
        for case in waiting:
            queue = simulation.board.queues[case.queue]
            for worker in standing:
                self.compared += 1
                if could_take(case, worker, queue, simulation.now):
                    raise Broken(f"task {case.number} waits while agent {worker.number} could take it")

    def _sampled(self, simulation: Simulation) -> list[Case]:
        waiting = [case for case in simulation.cases.values() if case.status == "pending"]
        if self._sample is None or len(waiting) <= self._sample:
            return waiting
        return self._random.sample(waiting, self._sample)


def _present(simulation: Simulation) -> Iterator[tuple[int, Agent]]:
    return ((number, agent) for number, agent in simulation.agents.items() if not agent.gone)


def _key(simulation: Simulation, case: Case) -> Key:
    """The place in line: of smaller keys one is served first."""
    if simulation.board.queues[case.queue].lifo:
        return 0 if simulation.board.lifo_first else 2, 0, -case.virtual_start, -case.number
    return 1, -case.priority, case.virtual_start, case.number


def _turn(simulation: Simulation, case: Case, worker: WorkerFacts) -> tuple[tuple[float, ...], float]:
    """The worker's place in line: of smaller ones the first is asked."""
    order_by = case.step.rule.order_by if case.step else ()
    channel = worker.channels.get(case.channel)
    own = channel is not None and case.channel in simulation.board.optimized
    last = channel.last_assigned if own and channel is not None else worker.last_assigned
    return rank(order_by, worker.attributes), last


def could_take(case: Case, worker: WorkerFacts, queue: QueueFacts, now: float) -> bool:
    """Whether the worker may be offered the task at this moment."""
    if any(number == worker.number and until > now for number, until in case.refusals):
        return False
    target = case.arrival.target_worker
    if target is not None and target != worker.number:
        return False
    at_any_rate = target is not None and case.arrival.ignore_capacity
    if not at_any_rate and not ((worker.available or _names_activity(case)) and _has_room(worker, case.channel)):
        return False
    return _belongs(case, worker, queue) and _matches(case, worker)


def _belongs(case: Case, worker: WorkerFacts, queue: QueueFacts) -> bool:
    if case.arrival.target_worker is not None:
        return True
    skills = worker.attributes.get("skills")
    has = set(skills) if isinstance(skills, list) else set()
    member = queue.expression is not None and queue.expression(worker.attributes)
    return member and case.arrival.required_skills <= has


def _matches(case: Case, worker: WorkerFacts) -> bool:
    rule = case.step.rule if case.step else None
    if rule is None:
        return True
    if rule.known_worker is not None:
        named = rule.known_worker.of(case.attributes)
        own = worker.sid if rule.known_worker.field == "sid" else worker.friendly_name
        if named is None or named.casefold() != own.casefold():
            return False
    return rule.expression is None or rule.expression({"task": case.attributes, "worker": scope(worker)})


def _has_room(worker: WorkerFacts, name: str) -> bool:
    channel = worker.channels.get(name)
    return channel is not None and channel.available and channel.load < channel.configured_capacity


def _names_activity(case: Case) -> bool:
    """https://www.twilio.com/docs/taskrouter/activity-based-routing"""
    expression = case.step.rule.expression if case.step else None
    paths = expression.paths("worker") if expression else ()
    return any(path[0] in ("activity_name", "activity_sid") for path in paths)


def scope(worker: WorkerFacts) -> dict[str, Any]:
    """What a target's expression sees of a worker."""
    return {
        **worker.attributes,
        "sid": worker.sid,
        "friendly_name": worker.friendly_name,
        "activity_sid": worker.activity_sid,
        "activity_name": worker.activity_name,
        "channel": {
            name: {
                "configured_capacity": channel.configured_capacity,
                "assigned_tasks": channel.assigned,
                "available_capacity_percentage": _free_share(channel.configured_capacity, channel.load),
            }
            for name, channel in worker.channels.items()
        },
    }


def _free_share(capacity: int, load: int) -> int:
    return max(0, (capacity - load) * 100 // capacity) if capacity else 0


def rank(order_by: tuple[Order, ...], attributes: Mapping[str, Any]) -> tuple[float, ...]:
    """Smaller is served first; without the whole number last."""
    values = [(lookup(attributes, order.path), order.descending) for order in order_by]
    numbers = [(value, down) if type(value) is int else (None, down) for value, down in values]
    return tuple(float("inf") if value is None else float(-value if down else value) for value, down in numbers)
