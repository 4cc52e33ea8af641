"""What a decision must be, the slow way: every task in line against every worker. Knows no lane, crew or heap."""

from dataclasses import replace

from routing.core.expressions import lookup


def decision(tables, now, *, limit, lifo_first=False, optimized=frozenset()):
    """``(offers, timeouts, skips, settled)``; offers in the order in which they are made.

    With a ``limit`` that is reached nothing of what comes after it is decided, and any so many tasks are asked to skip.
    """
    pending = [tables.task_facts(job) for job in tables.pending()]
    over = [task for task in pending if task.deadline is not None and task.deadline <= now]
    over.sort(key=lambda task: (task.deadline, task.number))
    timeouts = {task.number for task in over[:limit]}
    if len(timeouts) == limit:
        return [], timeouts, set(), set()
    line = [task for task in pending if task.number not in timeouts]
    line.sort(key=lambda task: place(task, tables.queue(task.queue), lifo_first))
    workers = {agent.number: tables.worker_facts(agent) for agent in tables.agents.values()}
    offers = []
    for task in line:
        queue = tables.queue(task.queue)
        able = [worker for worker in workers.values() if can_take(worker, task, queue, now)]
        able.sort(key=lambda worker: turn(worker, task, optimized))
        chosen = tuple(worker.number for worker in able[: queue.max_reserved])
        if chosen:
            offers.append((task.number, chosen))
        for number in chosen:
            workers[number] = given(workers[number], task.channel, now)
        if len(offers) == limit:
            return offers, timeouts, set(), set()
    return offers, timeouts, *_skips(line, {task for task, _ in offers}, tables)


def _skips(line, offered, tables):
    asked = [task for task in line if task.number not in offered and task.entering and task.step]
    asked = [task for task in asked if task.step.rule.skip_if]
    skips = {task.number for task in asked if _skipped(task, tables)}
    return skips, {task.number for task in asked} - skips


def _skipped(task, tables):
    workers = [tables.worker_facts(agent) for agent in tables.agents.values()]
    takes = tables.queue(task.queue).expression
    members = [worker for worker in workers if takes and takes(worker.attributes)]
    counts = {
        "available": sum(worker.available for worker in members),
        "unavailable": sum(not worker.available for worker in members),
        "WAlunch": sum(worker.activity_sid == "WAlunch" for worker in members),
    }
    return task.step.rule.skip_if({"workers": counts})


def place(task, queue, lifo_first):
    if queue.lifo:
        return (0 if lifo_first else 2), -task.virtual_start, -task.number
    return 1, -task.priority, task.virtual_start, task.number


def can_take(worker, task, queue, now):
    channel = worker.channels[task.channel]
    away = not worker.available and not by_activity(task)
    held_up = away or not channel.available or channel.load >= channel.configured_capacity
    if held_up and not (task.ignore_capacity and task.target_worker is not None):
        return False
    if worker.number in task.excluded or any(
        number == worker.number and until > now for number, until in task.refusals
    ):
        return False
    return worker.number == task.target_worker if task.target_worker is not None else belongs(worker, task, queue)


def belongs(worker, task, queue):
    rule = task.step.rule if task.step else None
    if queue.expression is None or not queue.expression(worker.attributes):
        return False
    if not task.required_skills <= set(worker.attributes["skills"]):
        return False
    if rule and rule.known_worker and not is_known(worker, rule.known_worker, task.attributes):
        return False
    return not rule or not rule.expression or rule.expression({"task": task.attributes, "worker": scope(worker)})


def is_known(worker, known, attributes):
    """Names are one whatever their case, sids are not."""
    named = known.of(attributes)
    if known.field == "sid":
        return named == worker.sid
    return named is not None and named.casefold() == worker.friendly_name.casefold()


def by_activity(task):
    return task.step and task.step.rule.expression and "worker.activity_name" in task.step.rule.expression.text


def scope(worker):
    channels = {
        name: {"available_capacity_percentage": percentage(channel), "assigned_tasks": channel.assigned}
        for name, channel in worker.channels.items()
    }
    named = {"sid": worker.sid, "friendly_name": worker.friendly_name, "activity_name": worker.activity_name}
    return {**worker.attributes, **named, "channel": channels}


def percentage(channel):
    if not channel.configured_capacity:
        return 0
    return max(0, 100 - channel.load * 100 // channel.configured_capacity)


def turn(worker, task, optimized):
    idle = worker.channels[task.channel].last_assigned if task.channel in optimized else worker.last_assigned
    ranks = []
    for order in task.step.rule.order_by if task.step and task.target_worker is None else ():
        value = lookup(worker.attributes, order.path)
        ranks.append((0, -value if order.descending else value) if type(value) is int else (1, 0))
    return ranks, idle, worker.number


def given(worker, channel, now):
    before = worker.channels[channel]
    channels = {**worker.channels, channel: replace(before, load=before.load + 1, last_assigned=now)}
    return replace(worker, channels=channels, last_assigned=now)
