"""Why a task waits, why an agent was asked, why one gets nothing, who could serve a queue: from the tables."""

from datetime import timedelta

import pytest
from django.db.models import F

from agents import actions as agents
from agents.models import Worker, WorkerChannel
from eventlog.models import Event
from kernel import clock, sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Forbidden, Invalid, NotFound
from routing import actions, explaining
from routing.core.board import Board
from routing.core.decide import decide
from routing.core.verdicts import snapshot
from routing.explaining.pages import Ask
from routing.models import Reservation, Task
from routing.reading import queue_facts, task_facts, worker_facts
from routing.router import judging
from routing.tests.factories import accepted, make_queue, make_task, make_workflow, offered
from tests.people import available, full_house, house, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return full_house()


@pytest.fixture
def support(home):
    return make_queue(home.workspace, "Support", "skills HAS 'support'")


def told(story):
    """Letter and name of each worker on the page."""
    return [(person.detail.letter, person.worker.friendly_name) for person in story.people.items]


def why(task, **ask):
    return explaining.task(task.sid, actor=SYSTEM, ask=Ask(**ask))


def age(task, seconds):
    """All that happened to the task happened so much earlier."""
    for rows in (Task.objects.filter(pk=task.pk), Event.objects.filter(subject_sid=task.sid)):
        rows.update(created_at=F("created_at") - timedelta(seconds=seconds))


def capacity(worker, number, *, is_open=True):
    channel = WorkerChannel.objects.get(worker=worker, task_channel__unique_name="default")
    agents.set_capacity(channel, capacity=number, available=is_open, actor=SYSTEM)


# --- why is it still waiting ---


def test_who_is_nearest_to_a_waiting_task_and_what_each_lacks(home, support):
    task = make_task(home.workspace, support, required_skills=["sales"])
    available(home, "Ben")

    waiting = why(task).waiting

    assert told(waiting) == [("a", "Ada"), ("s", "Ben"), ("q", "Bo")]
    _, ben, bo = (person.detail for person in waiting.people.items)
    assert ben.skills == ("sales",)
    assert [(clause.text, clause.left.value) for clause in bo.clauses] == [("skills HAS 'support'", "[]")]
    assert (waiting.counts, waiting.never, waiting.position) == ({"a": 1, "s": 1, "q": 1}, False, 1)


def test_a_worker_at_the_limit_is_busy(home, support):
    available(home, "Ben")
    capacity(home.workers["Ben"], 1)
    accepted(make_task(home.workspace, support), home.workers["Ben"])

    (ben,) = why(make_task(home.workspace, support), worker=home.workers["Ben"].sid).waiting.people.items

    assert (ben.detail.letter, ben.detail.channel.load, ben.detail.channel.configured_capacity) == ("f", 1, 1)


def test_who_said_no_is_kept_from_the_task_for_a_while(home, support):
    available(home, "Ben")
    task = make_task(home.workspace, support)
    actions.reject(offered(task, home.workers["Ben"]), actor=SYSTEM)

    waiting = why(task).waiting

    assert told(waiting)[0] == ("r", "Ben")
    assert [coming.kind for coming in waiting.coming] == ["pause", "expiry"]
    assert waiting.coming[0].at.timestamp() == waiting.people.items[0].detail.until


def test_nobody_can_ever_serve_it(home, support):
    task = make_task(home.workspace, support, required_skills=["french"])

    assert why(task).waiting.never
    assert not why(make_task(home.workspace, support)).waiting.never


def test_the_line_is_told(home, support):
    make_task(home.workspace, support, priority=9)
    task = make_task(home.workspace, support, priority=5)
    make_task(home.workspace, support, priority=1)

    assert why(task).waiting.position == 2


def test_what_comes_next_and_when(home, support):
    sales = make_queue(home.workspace, "Sales")
    make_workflow(home.workspace, ("1==1", [{"queue": support.sid, "timeout": 30}, {"queue": sales.sid}]))
    task = make_task(home.workspace)

    step, expiry = why(task).waiting.coming

    assert (step.kind, step.at, step.leads_to.rule.queue) == (
        "step",
        task.created_at + timedelta(seconds=30),
        sales.sid,
    )
    assert (expiry.kind, expiry.at) == ("expiry", task.expires_at)


def test_the_end_of_the_last_step_leads_nowhere(home, support):
    make_workflow(home.workspace, ("1==1", [{"queue": support.sid, "timeout": 30}]), default=support)
    task = make_task(home.workspace)

    assert why(task).waiting.coming[0].leads_to is None


def test_the_channels_that_a_target_asks_for_are_read(home, support):
    expression = "worker.channel.voice.configured_capacity == 3 AND worker.channel.chat.assigned_tasks == 9"
    make_workflow(home.workspace, ("1==1", [{"queue": support.sid, "expression": expression}]))

    (ben,) = why(make_task(home.workspace), worker=home.workers["Ben"].sid).waiting.people.items

    found = [(side.text, side.value) for clause in ben.detail.clauses for side in clause.found]
    assert found == [("worker.channel.chat.assigned_tasks", "0")]


@pytest.mark.parametrize("status", ["reserved", "assigned", "canceled"])
def test_only_a_pending_task_waits(home, support, status):
    available(home, "Ben")
    task = make_task(home.workspace, support)
    if status == "canceled":
        actions.cancel_task(task, reason="x", actor=SYSTEM)
    else:
        (offered if status == "reserved" else accepted)(task, home.workers["Ben"])

    story = why(task)

    assert (story.task.assignment_status, story.waiting) == (status, None)
    assert len(story.offers) == (status != "canceled")


# --- pages ---


def test_workers_come_in_pages_with_an_exact_count(home, support):
    task = make_task(home.workspace, support)

    first = why(task, size=2).waiting.people
    second = why(task, size=2, after=first.next_token).waiting.people

    assert [person.worker.friendly_name for person in (*first.items, *second.items)] == ["Ada", "Ben", "Bo"]
    assert (first.count, second.count, second.next_token) == (3, 3, "")


def test_only_those_with_a_reason_are_told(home, support):
    people = why(make_task(home.workspace, support), letters="q").waiting.people

    assert ([person.worker.friendly_name for person in people.items], people.count) == (["Bo"], 1)


def test_an_unknown_page_token_is_refused(home, support):
    with pytest.raises(Invalid, match="page token"):
        why(make_task(home.workspace, support), after=sids.new("WK"))


# --- why this queue ---


def test_the_way_to_the_queue(home, support):
    sales = make_queue(home.workspace, "Sales")
    make_workflow(
        home.workspace,
        ("topic == 'sales'", [{"queue": sales.sid}]),
        ("topic == 'help'", [{"queue": support.sid, "timeout": 10}, {"timeout": 20, "priority": 3}]),
    )
    task = make_task(home.workspace, attributes={"topic": "help"})

    story = why(task)

    assert [rule.fate for rule in story.route.filters] == ["unmatched", "here"]
    assert [clause.left.value for clause in story.route.filters[0].trace.clauses] == ["'help'"]
    assert story.queues == {sales.sid: "Sales", support.sid: "Support"}
    assert (story.version.number, story.outdated) == (1, False)


def test_a_task_keeps_the_document_that_it_entered_with(home, support):
    workflow = make_workflow(home.workspace, ("1==1", [{"queue": support.sid}]))
    task = make_task(home.workspace)
    text = workflow.configuration.replace("1==1", "2==2")
    actions.save_workflow(workflow, configuration=text, actor=SYSTEM)

    story = why(task)

    assert story.outdated
    assert story.route.filters[0].expression == "1==1"


def test_the_log_tells_how_a_target_was_left(home, support):
    targets = [{"queue": support.sid, "timeout": 60, "skip_if": "1==1"}, {"timeout": 60}, {"timeout": 60}]
    make_workflow(home.workspace, ("1==1", targets))
    task = make_task(home.workspace)
    actions.advance(task, step=why(task).route.after_skip, cause="skip")
    age(task, 61)  # By its age alone it might as well have been a time-out.

    (rule,) = why(task).route.filters

    assert [target.fate for target in rule.targets] == ["skip", "here", "ahead"]


def test_a_task_without_a_workflow_has_no_way(home, support):
    assert why(make_task(home.workspace, support)).route is None


# --- why this agent ---


def decided(task):
    """The router's decision on one task, with its judgement, as it is written."""
    workspace = task.workspace_id
    board = Board()
    for queue in queue_facts(workspace):
        board.put_queue(queue)
    for worker in worker_facts(workspace):
        board.put_worker(worker)
    (facts,) = task_facts(workspace, [task.sid])
    board.put_task(facts, now=0)
    (offer,) = decide(board, 0.0).offers
    judgement = judging.write(judging.Keeper(workspace).keep(snapshot(board, offer)), workspace_id=workspace)
    workers = [Worker.objects.get(pk=number) for number in offer.workers]
    return actions.offer(task, workers=workers, judgement=judgement)[0]


def test_who_was_asked_who_was_free_and_what_kept_the_others_out(home, support):
    available(home, "Ada", "Ben", "Bo")
    accepted(make_task(home.workspace, support), home.workers["Ada"])
    reservation = decided(make_task(home.workspace, support))

    story = explaining.offer(reservation.sid, actor=SYSTEM)

    ben, ada, bo = story.people.items
    assert [(each.worker.friendly_name, each.letter, each.chosen) for each in (ben, ada, bo)] == [
        ("Ben", "o", True),
        ("Ada", "o", False),
        ("Bo", "q", False),
    ]
    assert (ben.idle_since, ada.idle_since) == (None, Reservation.objects.earliest("pk").created_at)
    assert [clause.text for clause in bo.detail.clauses] == ["skills HAS 'support'"]
    assert story.counts == {"o": 2, "q": 1}


def test_after_thirty_days_an_offer_stands_without_its_reasons(home, support):
    available(home, "Ada")
    reservation = decided(make_task(home.workspace, support))

    judging.prune(clock.now() + timedelta(days=29))
    kept = explaining.offer(reservation.sid, actor=SYSTEM).rule
    judging.prune(clock.now() + timedelta(days=31))

    assert kept is not None
    assert explaining.offer(reservation.sid, actor=SYSTEM).rule is None


def test_what_has_changed_since_is_not_told_as_if_it_had_been_so(home, support):
    available(home, "Ada", "Bo")
    reservation = decided(make_task(home.workspace, support))
    agents.update_worker(home.workers["Bo"], attributes={"skills": ["support"]}, actor=SYSTEM)

    people = explaining.offer(reservation.sid, actor=SYSTEM, ask=Ask(worker=home.workers["Bo"].sid)).people

    (bo,) = people.items
    assert (bo.letter, bo.lasting, bo.detail.clauses) == ("q", False, ())


def test_order_by_is_told(home, support):
    make_workflow(home.workspace, ("1==1", [{"queue": support.sid, "order_by": "worker.level DESC"}]))
    for name, level in (("Ada", 3), ("Ben", 9)):
        attributes = {"skills": ["support"], "level": level}
        agents.update_worker(home.workers[name], attributes=attributes, actor=SYSTEM)
    available(home, "Ada", "Ben")
    reservation = decided(make_task(home.workspace))

    story = explaining.offer(reservation.sid, actor=SYSTEM)

    assert story.rule["order_by"] == ["level DESC"]
    assert [(each.worker.friendly_name, each.ranks) for each in story.people.items[:2]] == [
        ("Ben", (("level DESC", "9"),)),
        ("Ada", (("level DESC", "3"),)),
    ]


def test_a_task_that_was_put_to_somebody_directly_compared_nobody(home, support):
    available(home, "Ada")
    reservation = offered(make_task(home.workspace, support), home.workers["Ada"])

    story = explaining.offer(reservation.sid, actor=SYSTEM)

    assert (story.rule, story.people.count) == (None, 0)


# --- why do I get nothing ---


def obstacle(home, name="Ben"):
    return explaining.worker(home.workers[name].sid, actor=SYSTEM).obstacle


def test_somebody_who_is_away_gets_nothing(home, support):
    assert obstacle(home) == "away"


def test_somebody_without_capacity_gets_nothing(home, support):
    available(home, "Ben")
    for channel in WorkerChannel.objects.filter(worker=home.workers["Ben"]):
        agents.set_capacity(channel, available=False, actor=SYSTEM)

    assert obstacle(home) == "no-channel"


def test_somebody_who_is_busy_gets_nothing(home, support):
    available(home, "Ben")
    WorkerChannel.objects.filter(worker=home.workers["Ben"]).exclude(task_channel__unique_name="default").delete()
    capacity(home.workers["Ben"], 1)
    accepted(make_task(home.workspace, support), home.workers["Ben"])

    assert obstacle(home) == "full"


def test_somebody_in_no_queue_gets_nothing(home, support):
    available(home, "Bo")

    story = explaining.worker(home.workers["Bo"].sid, actor=SYSTEM)

    assert story.obstacle == "no-queue"
    (share,) = story.queues.items
    assert (share.queue, share.member, share.head) == (support, False, ())
    assert [clause.text for clause in share.clauses] == ["skills HAS 'support'"]


def test_where_nothing_waits_there_is_nothing_to_get(home, support):
    available(home, "Ben")

    assert obstacle(home) == "nothing-waits"


def test_what_waits_may_ask_for_somebody_else(home, support):
    available(home, "Ben")
    task = make_task(home.workspace, support, required_skills=["french"])

    story = explaining.worker(home.workers["Ben"].sid, actor=SYSTEM)

    assert story.obstacle == "not-fitting"
    ((share,),) = [queue.head for queue in story.queues.items]
    assert (share.task, share.detail.letter, share.detail.skills) == (task, "s", ("french",))


def test_what_waits_may_come_on_a_channel_that_is_full(home, support):
    available(home, "Ada")
    capacity(home.workers["Ada"], 0)
    make_task(home.workspace, queue=support)

    assert explaining.worker(home.workers["Ada"].sid, actor=SYSTEM).obstacle == "no-slot"


def test_one_may_have_refused_what_waits(home, support):
    available(home, "Ada")
    task = make_task(home.workspace, queue=support)
    actions.reject(offered(task, home.workers["Ada"]), actor=SYSTEM)

    assert explaining.worker(home.workers["Ada"].sid, actor=SYSTEM).obstacle == "refused"


def test_others_may_be_before_one_in_line(home, support):
    available(home, "Ada", "Ben")
    actions.complete(accepted(make_task(home.workspace, support), home.workers["Ben"]).task, reason="x", actor=SYSTEM)
    make_task(home.workspace, support)

    assert (obstacle(home, "Ben"), obstacle(home, "Ada")) == ("others-first", "soon")
    places = [
        explaining.worker(home.workers[name].sid, actor=SYSTEM).queues.items[0].place for name in ("Ada", "Ben", "Bo")
    ]
    assert places == [1, 2, None]


def test_own_queues_come_first_and_of_them_where_most_waits(home, support):
    make_queue(home.workspace, "Sales", "skills HAS 'sales'")
    busy = make_queue(home.workspace, "Zoo")
    make_queue(home.workspace, "Anybody")
    make_task(home.workspace, busy)

    story = explaining.worker(home.workers["Ben"].sid, actor=SYSTEM)

    assert [share.queue.friendly_name for share in story.queues.items] == ["Zoo", "Anybody", "Support", "Sales"]
    assert [share.waiting for share in story.queues.items] == [1, 0, 0, 0]
    later = explaining.worker(home.workers["Ben"].sid, actor=SYSTEM, ask=Ask(after=support.sid))
    assert (later.obstacle, later.queues.count) == (story.obstacle, 4)


def test_refusals_are_remembered(home, support):
    available(home, "Ben")
    reservation = offered(make_task(home.workspace, support), home.workers["Ben"])
    actions.reject(reservation, actor=SYSTEM)

    assert explaining.worker(home.workers["Ben"].sid, actor=SYSTEM).refusals == (reservation,)


# --- who could serve a queue ---


def test_what_waits_in_a_queue_and_who_could_serve_it(home, support):
    available(home, "Ada")
    urgent = make_task(home.workspace, support, priority=5)
    late = make_task(home.workspace, support, task_channel="voice")
    early = make_task(home.workspace, support)
    Task.objects.filter(pk=early.pk).update(virtual_start_time=late.virtual_start_time - timedelta(seconds=5))

    story = explaining.queue(support.sid, actor=SYSTEM)

    assert (story.waiting, story.head) == (3, (urgent, early, late))
    assert [(each.name, each.waiting, each.counts, each.free, each.never) for each in story.channels] == [
        ("default", 2, {"o": 1, "a": 1, "q": 1}, 1, False),
        ("voice", 1, {"o": 1, "a": 1, "q": 1}, 1, False),
    ]
    assert (story.channel, told(story)) == ("default", [("o", "Ada"), ("a", "Ben"), ("q", "Bo")])


def test_those_who_are_free_may_lack_what_each_waiting_task_asks(home, support):
    available(home, "Ada")
    make_task(home.workspace, support, required_skills=["licence"])

    (default,) = explaining.queue(support.sid, actor=SYSTEM).channels
    make_task(home.workspace, support)
    (then,) = explaining.queue(support.sid, actor=SYSTEM).channels

    assert (default.counts["o"], default.free) == (1, 0)
    assert then.free == 1


def test_the_newest_comes_first_where_the_queue_says_so(home):
    queue = make_queue(home.workspace, task_order="LIFO")
    first, second = make_task(home.workspace, queue, priority=9), make_task(home.workspace, queue)

    assert explaining.queue(queue.sid, actor=SYSTEM).head == (second, first)


def test_an_empty_queue_is_told_for_the_default_channel(home, support):
    story = explaining.queue(support.sid, actor=SYSTEM)

    assert (story.waiting, story.channel, story.people.count) == (0, "default", 3)


def test_nobody_could_ever_serve_the_queue(home):
    queue = make_queue(home.workspace, "French", "skills HAS 'french'")

    assert explaining.queue(queue.sid, actor=SYSTEM).channels[0].never


def test_another_channel_may_be_asked_for(home, support):
    story = explaining.queue(support.sid, actor=SYSTEM, ask=Ask(channel="nothing"))

    assert (story.channel, story.channels[0].counts) == ("nothing", {"a": 2, "q": 1})


# --- who may ask ---


def asked(home, support):
    """Everything that can be asked, with the sid of something that there is."""
    available(home, "Ada")
    task = make_task(home.workspace, support)
    reservation = offered(make_task(home.workspace, support), home.workers["Ada"])
    return [
        (explaining.task, task.sid),
        (explaining.offer, reservation.sid),
        (explaining.worker, home.workers["Ada"].sid),
        (explaining.queue, support.sid),
    ]


def key(home, *scopes):
    return Actor("key", sid="SK1", account_sid=home.account.sid, scopes=frozenset(scopes))


def test_supervisors_administrators_and_keys_with_the_scope_may_ask(home, support):
    for question, sid in asked(home, support):
        for actor in (home.actor("Bo"), home.actor("Dee"), key(home, "routing:read")):
            assert question(sid, actor=actor)


def test_an_agent_may_ask_of_himself_alone(home, support):
    task, offer, worker, queue = asked(home, support)

    for question, sid in (offer, worker):
        assert question(sid, actor=home.actor("Ada"))
    for (question, sid), name in ((task, "Ada"), (queue, "Ada"), (offer, "Ben"), (worker, "Ben")):
        with pytest.raises(Forbidden):
            question(sid, actor=home.actor(name))


def test_a_key_without_the_scope_may_not_ask(home, support):
    for question, sid in asked(home, support):
        with pytest.raises(Forbidden, match="routing:read"):
            question(sid, actor=key(home, "conversations:read"))


def test_another_account_learns_nothing(home, support):
    other = house("Other")
    person(other, "Cy", role="supervisor")

    for question, sid in asked(home, support):
        for actor in (other.actor("Cy"), key(other, "routing:read")):
            with pytest.raises(NotFound):
                question(sid, actor=actor)
        for strange in (sids.new(sid[:2]), "x" * 5000, "", "\0", sid.lower()):
            with pytest.raises(NotFound):
                question(strange, actor=SYSTEM)
