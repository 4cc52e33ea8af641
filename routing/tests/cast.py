"""Workers, tasks and boards for tests of the pure core. Tasks are letters, A being number 1; workers have names."""

import json

from routing.core.board import Board
from routing.core.decide import decide
from routing.core.document import parse_workflow
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import first_step

NOW = 1000.0
EVERYBODY = parse("1==1")
NAMES = ("ada", "ben", "cy", "dee", "eve", "fay")
QUEUES = (QueueFacts("WQ1", EVERYBODY), QueueFacts("WQ2", EVERYBODY))


class Everything:
    def __contains__(self, _):
        return True


def number_of(name):
    return NAMES.index(name) + 1 if name in NAMES else ord(name) - ord("A") + 1


def worker(
    name,
    *,
    available=True,
    last_assigned=0.0,
    capacity=1,
    load=0,
    open_=True,
    activity=None,
    channels=None,
    **attributes,
):
    on = ("WAon", "Available") if available else ("WAoff", "Offline")
    sid, activity_name = activity or on
    return WorkerFacts(
        sid=f"WK{name}",
        number=number_of(name),
        friendly_name=name.title(),
        activity_sid=sid,
        activity_name=activity_name,
        available=available,
        attributes=attributes,
        channels={"default": ChannelFacts(capacity, open_, load), "voice": ChannelFacts(1)} | (channels or {}),
        last_assigned=last_assigned,
    )


def task(name, *, version=1, queue="WQ1", priority=0, start=100.0, skills=(), channel="default", **more):
    return TaskFacts(
        number=number_of(name),
        version=version,
        queue=queue,
        channel=channel,
        priority=priority,
        virtual_start=start,
        created=more.pop("created", start),
        required_skills=frozenset(skills),
        **more,
    )


def in_step(name, target, *, attributes=None, others=(), **more):
    """A task at the first target of a workflow."""
    document = {"task_routing": {"filters": [{"expression": "1==1", "targets": [{"queue": "WQ1"} | target, *others]}]}}
    step = first_step(parse_workflow(json.dumps(document), queues=Everything()), attributes or {})
    return task(name, attributes=attributes or {}, step=step, queue=step.rule.queue, **more)


def board(*facts, queues=QUEUES, **options):
    made = Board(**options)
    for each in (*queues, *facts):
        put(made, each)
    return made


def put(made, *all_facts, now=NOW):
    for facts in all_facts:
        if isinstance(facts, QueueFacts):
            made.put_queue(facts)
        elif isinstance(facts, WorkerFacts):
            made.put_worker(facts)
        else:
            made.put_task(facts, now=now)


def offers(made, now=NOW, **more):
    """Each task with those to whom it is offered, in the order of the decision."""
    decision = decide(made, now, **more)
    assert decision.moves == ()
    return [(task_name(each.task), *(NAMES[number - 1] for number in each.workers)) for each in decision.offers]


def moves(made, now=NOW):
    """Each task that leaves its step, and why."""
    return [(task_name(each.task), each.cause) for each in decide(made, now).moves]


def task_name(number):
    return chr(ord("A") + number - 1)
