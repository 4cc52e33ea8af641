"""A Celery worker with ten priorities on Redis, as its manual sets them up. Runs in the scratch environment."""

import os

from celery import Celery

PREFIX = os.environ["BENCH_PREFIX"]
QUEUE = "jobs"
STEPS = list(range(10))

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.update(
    broker_transport_options={
        "priority_steps": STEPS,
        "queue_order_strategy": "priority",
        "global_keyprefix": PREFIX,
        "sep": ":",
    },
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
)


@app.task
def job(number: int) -> None:
    """Nothing to do."""
