"""Whatever happens to workers, queues and tasks, in whatever order: each decision is the one that the rules ask for."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing.core import verdicts
from routing.core.decide import MAX_OFFERS, decide
from routing.core.explain import survey
from routing.core.expressions import parse
from routing.core.facts import QueueFacts
from routing.tests import oracle
from routing.tests.cast import NOW
from routing.tests.tables import CHANNELS, Agent, Job, Tables

NUMBERS = st.integers(1, 4)
NAMES = st.sampled_from(["Agent 1", "agent 2", "AGENT 3", "Somebody"])
SKILLS = st.sampled_from([frozenset("xy"), frozenset("x"), frozenset("y"), frozenset()])
ASKED_SKILLS = st.sampled_from([frozenset(), frozenset(), frozenset("x"), frozenset("y")])
LEVELS = st.sampled_from([3, 2, 1, 0, "3", None])
DOING = st.sampled_from(["WAon", "WAon", "WAon", "WAlunch", "WAoff"])
QUEUES = st.sampled_from(["WQ1", "WQ2", "WQ3"])
EXPRESSIONS = st.sampled_from(["1==1", "level >= 2", "level < 2", "skills HAS 'x'", "skills HAS 'y' OR level == 1"])
ANY = st.integers(0, 99)


class Routing(RuleBasedStateMachine):
    """Tables that change, and a board that follows them. Between any two changes everything is decided.

    Each decision is held against the oracle, and against what a board decides that is made of the tables anew.
    """

    @initialize(
        lifo_first=st.booleans(),
        optimized=st.frozensets(st.sampled_from(CHANNELS)),
        limit=st.sampled_from([MAX_OFFERS, 1, 2]),
    )
    def open(self, lifo_first, optimized, limit):
        self.now = NOW
        self.limit = limit
        self.count = 0
        self.options = {"lifo_first": lifo_first, "optimized": optimized}
        self.tables = Tables()
        for number in (1, 2, 3):
            skills = ["x", "y"][: number - 1]
            self.tables.agents[number] = Agent(number, attributes={"skills": skills, "level": number})
        self.board = self.tables.board(self.now, **self.options)
        self.refused_write = False

    # --- workers ---

    @rule(number=NUMBERS, activity=DOING, skills=SKILLS, level=LEVELS)
    def worker_comes_or_changes(self, number, activity, skills, level):
        agent = self.tables.agents.setdefault(number, Agent(number))
        agent.activity = activity
        agent.attributes = {"skills": sorted(skills), "level": level}
        self.follow(agent)

    @rule(which=ANY, activity=DOING)
    @precondition(lambda self: self.tables.agents)
    def activity_changes(self, which, activity):
        agent = self.one(self.tables.agents.values(), which)
        agent.activity = activity
        self.follow(agent)

    @rule(
        which=ANY,
        channel=st.sampled_from(CHANNELS),
        capacity=st.sampled_from([1, 2, 3, 0]),
        closed=st.sampled_from([False, False, True]),
    )
    @precondition(lambda self: self.tables.agents)
    def capacity_changes(self, which, channel, capacity, closed):
        agent = self.one(self.tables.agents.values(), which)
        agent.capacity[channel] = capacity
        agent.closed = {channel} if closed else set()
        self.follow(agent)

    @rule(number=NUMBERS)
    def worker_leaves(self, number):
        if not any(each.agent.number == number for each in self.tables.reservations):
            self.tables.agents.pop(number, None)
            self.board.drop_worker(number)

    @rule(which=ANY, name=NAMES)
    @precondition(lambda self: self.tables.agents)
    def worker_is_renamed(self, which, name):
        agent = self.one(self.tables.agents.values(), which)
        others = [self.tables.worker_facts(each) for each in self.tables.agents.values() if each is not agent]
        if name.casefold() not in {each.friendly_name.casefold() for each in others}:
            agent.name = name
            self.follow(agent)

    # --- queues ---

    @rule(sid=QUEUES, expression=EXPRESSIONS, lifo=st.booleans(), max_reserved=st.sampled_from([2, 1, 3]))
    def queue_changes(self, sid, expression, lifo, max_reserved):
        self.tables.queues[sid] = QueueFacts(sid, parse(expression), lifo, max_reserved)
        self.board.put_queue(self.tables.queues[sid])

    @rule(sid=QUEUES)
    def queue_is_deleted(self, sid):
        self.tables.queues.pop(sid, None)
        self.board.drop_queue(sid)

    # --- tasks ---

    @rule(kind=st.sampled_from("ax"), level=st.integers(0, 3), owner=NUMBERS, channel=st.sampled_from(CHANNELS),
          priority=st.integers(0, 2), before=st.integers(0, 3), skills=ASKED_SKILLS)  # fmt: skip
    def task_enters_the_workflow(self, *, kind, level, owner, channel, priority, before, skills):
        attributes = {"kind": kind, "level": level, "owner": f"Agent {owner}", "keeper": f"WK{owner}"}
        self.arrive(queue="", channel=channel, priority=priority, before=before, attributes=attributes, skills=skills)

    @rule(queue=QUEUES, channel=st.sampled_from(CHANNELS), before=st.lists(st.integers(0, 3), min_size=1, max_size=4),
          priority=st.integers(0, 2), skills=ASKED_SKILLS)  # fmt: skip
    def tasks_enter_a_queue(self, *, queue, channel, before, priority, skills):
        for each in before:
            self.arrive(queue=queue, channel=channel, priority=priority, before=each, skills=skills)

    @rule(queue=QUEUES, channel=st.sampled_from(CHANNELS), who=NUMBERS, ignore_capacity=st.booleans())
    def task_is_meant_for_one_worker(self, queue, channel, who, ignore_capacity):
        self.arrive(queue=queue, channel=channel, target=who, ignore_capacity=ignore_capacity)

    @rule(which=ANY)
    @precondition(lambda self: self.tables.pending())
    def task_is_canceled(self, which):
        job = self.one(self.tables.pending(), which)
        self.tables.cancel(job)
        self.follow_job(job)

    @rule(which=ANY, priority=st.integers(0, 3), level=st.integers(0, 3))
    @precondition(lambda self: self.tables.pending())
    def task_is_edited(self, which, priority, level):
        job = self.one(self.tables.pending(), which)
        self.tables.edit(job, priority=priority, attributes={**job.attributes, "level": level})
        self.follow_job(job)

    @rule(which=ANY)
    @precondition(lambda self: self.in_workflow())
    def task_comes_over_to_the_new_version(self, which):
        job = self.one(self.in_workflow(), which)
        self.tables.come_over(job, 2, self.now)
        self.follow_job(job)

    # --- reservations ---

    @rule(which=ANY, onward=st.sampled_from([None, None, "WQ1", "WQ2"]))
    @precondition(lambda self: self.tables.standing("pending"))
    def worker_accepts_and_may_transfer(self, which, onward):
        reservation = self.one(self.tables.standing("pending"), which)
        followed = self.tables.accept(reservation)
        if onward:
            self.tables.transfer(reservation, onward)
        self.follow_all(reservation.job, followed)

    @rule(which=ANY, status=st.sampled_from(["rejected", "timeout"]))
    @precondition(lambda self: self.tables.standing("pending"))
    def worker_rejects_or_lets_time_out(self, which, status):
        reservation = self.one(self.tables.standing("pending"), which)
        self.tables.refuse(reservation, status, self.now)
        self.follow_all(reservation.job, [reservation.agent])

    @rule(which=ANY)
    @precondition(lambda self: self.working())
    def worker_wraps_up_or_completes(self, which):
        reservation = self.one(self.working(), which)
        self.tables.finish(reservation)
        self.follow_all(reservation.job, [reservation.agent])

    # --- time and accidents ---

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0, 5.0, 30.0]))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def time_passes_until_something_is_due(self):
        self.now = max(self.now, self.board.next_due() or self.now)

    @rule()
    def router_crashes(self):
        self.board = self.tables.board(self.now, **self.options)

    @rule()
    def next_write_is_refused(self):
        self.refused_write = True

    # --- what must hold ---

    @invariant()
    def everything_is_decided_and_all_rules_hold(self):
        while self.decides_as_the_rules_ask():
            pass
        self.nobody_waits_for_somebody_who_stands_free()
        self.no_timer_has_fired_twice()
        self.board_holds_what_the_tables_hold()
        self.letters_tell_why_nobody_is_asked()

    def decides_as_the_rules_ask(self):
        expected = oracle.decision(self.tables, self.now, limit=self.limit, **self.options)
        anew = decide(self.tables.board(self.now, **self.options), self.now, limit=self.limit)
        found = decide(self.board, self.now, limit=self.limit)
        self.agree(told(found), expected)
        self.agree(told(anew), expected)
        self.survey_names_who_is_asked_first(expected)
        self.write(found)
        return bool(found)

    def agree(self, found, expected):
        """Up to the limit of tasks that are asked to skip, any of them may be the ones."""
        assert found[:2] == expected[:2]
        asked, all_asked = (skips | settled for _, _, skips, settled in (found, expected))
        assert asked <= all_asked
        assert len(asked) == min(self.limit, len(all_asked))
        assert found[2:] == (expected[2] & asked, expected[3] & asked)

    def survey_names_who_is_asked_first(self, expected):
        """What people are told of who is next is what happens."""
        for number, chosen in expected[0][:1]:
            task = self.tables.task_facts(self.tables.jobs[number])
            queue = self.tables.queue(task.queue)
            workers = [self.tables.worker_facts(agent) for agent in self.tables.agents.values()]
            found = survey(task, queue, workers, now=self.now, optimized=self.options["optimized"])
            free = [worker.number for letter, worker in found.judged if letter == "o"]
            assert tuple(free[: queue.max_reserved]) == chosen

    def nobody_waits_for_somebody_who_stands_free(self):
        workers = [self.tables.worker_facts(agent) for agent in self.tables.agents.values()]
        for task in map(self.tables.task_facts, self.tables.pending()):
            queue = self.tables.queue(task.queue)
            assert not any(oracle.can_take(worker, task, queue, self.now) for worker in workers)

    def no_timer_has_fired_twice(self):
        assert len(set(self.tables.fired)) == len(self.tables.fired)

    def board_holds_what_the_tables_hold(self):
        assert set(self.board.waiting) == {job.number for job in self.tables.pending()}
        for worker in self.board.workers.values():
            facts = self.tables.worker_facts(self.tables.agents[worker.number])
            assert worker.loads == {name: channel.load for name, channel in facts.channels.items()}

    def letters_tell_why_nobody_is_asked(self):
        for task in map(self.tables.task_facts, self.tables.pending()):
            lane = self.board._lanes.of(self.board.waiting[task.number])
            letters = verdicts._letters(self.board, lane).decode()
            for number, letter in zip(self.board.roster.numbers, letters, strict=True):
                agent = self.tables.agents.get(number)
                facts = agent and self.tables.worker_facts(agent)
                queue = self.tables.queue(task.queue)
                assert letter == (verdicts.judge(task, queue, facts, now=self.now) if facts else "-")

    # --- how ---

    def arrive(self, *, queue, before=0, **fields):
        self.count += 1
        job = Job(self.count, queue, created=self.now, start=self.now - before, **fields)
        self.tables.arrive(job)
        self.follow_job(job)

    def write(self, decision):
        for offer in decision.offers:
            workers = [self.tables.agents[number] for number in offer.workers]
            if self.refused_write:
                self.refused_write = False
                self.follow_job(self.tables.jobs[offer.task])
            else:
                self.tables.offer(offer.task, offer.version, offer.workers, self.now)
            for agent in workers:
                self.follow(agent)
        for move in decision.moves:
            self.tables.move(move.task, move.version, move.cause, self.now)
            self.follow_job(self.tables.jobs[move.task])
        for number, version in decision.settled:
            self.tables.settle(number, version)

    def follow(self, agent):
        self.board.put_worker(self.tables.worker_facts(agent))

    def follow_job(self, job):
        if job.status == "pending":
            self.board.put_task(self.tables.task_facts(job), now=self.now)
        else:
            self.board.drop_task(job.number)

    def follow_all(self, job, agents):
        self.follow_job(job)
        for agent in agents:
            self.follow(agent)

    def in_workflow(self):
        return [job for job in self.tables.pending() if job.step and job.workflow == 1]

    def working(self):
        held = self.tables.standing("accepted") + self.tables.standing("wrapping")
        return [each for each in held if each.job.holder is None]

    def one(self, things, which):
        things = list(things)
        return things[which % len(things)]


def told(decision):
    """What a decision says, as the oracle says it."""
    offers = [(offer.task, offer.workers) for offer in decision.offers]
    timeouts = {move.task for move in decision.moves if move.cause == "timeout"}
    skips = {move.task for move in decision.moves if move.cause == "skip"}
    return offers, timeouts, skips, {number for number, _ in decision.settled}


TestRouting = Routing.TestCase
TestRouting.settings = settings(stateful_step_count=50, print_blob=True)
