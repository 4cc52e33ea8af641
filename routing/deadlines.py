"""The pump's services for what is due on time: none waits for another, on PostgreSQL each has a thread to itself."""

from eventlog.timers import Deadline


class Offers(Deadline):
    """The time to answer an offer."""

    name = "offer-deadlines"
    sweep = "routing.timers.expire_reservations"
    due = "routing.timers.first_offer"


class Steps(Deadline):
    """The time that a task spends in a step of its workflow."""

    name = "step-deadlines"
    sweep = "routing.timers.end_steps"
    due = "routing.timers.first_step"


class TimesToLive(Deadline):
    """The time that a task may wait at all."""

    name = "task-deadlines"
    sweep = "routing.timers.expire_tasks"
    due = "routing.timers.first_task"
