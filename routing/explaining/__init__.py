"""Why routing decides as it does: reads from the tables to explanations, for those who may look.

`task`: why this queue, and why is it still waiting. `offer`: why this agent. `worker`: why do I get nothing.
`queue`: what waits, and who could serve it. Lists come in pages with exact counts.
"""

from routing.explaining.offers import OfferStory, offer
from routing.explaining.pages import Page, Person
from routing.explaining.queues import QueueStory, queue
from routing.explaining.tasks import TaskStory, Waiting, task
from routing.explaining.workers import WorkerStory, worker

__all__ = [
    "OfferStory",
    "Page",
    "Person",
    "QueueStory",
    "TaskStory",
    "Waiting",
    "WorkerStory",
    "offer",
    "queue",
    "task",
    "worker",
]
