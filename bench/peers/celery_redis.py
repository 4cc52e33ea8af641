"""Celery with priorities on Redis: fill the queue, start a worker of two processes, watch the lists shrink."""

import json
import os
import subprocess
import sys
import time

import redis

from bench.peers.celery_app import PREFIX, QUEUE, STEPS, job

PATIENCE_SECONDS = 90


def main() -> None:
    count = int(sys.argv[1])
    store = redis.Redis.from_url(os.environ["BENCH_REDIS"])
    for number in range(count):
        job.apply_async([number], priority=number % 10)
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "bench.peers.celery_app", "worker", "--pool=prefork"),
            *("--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"),
        ],
        stdout=sys.stderr,
    )
    try:
        rate = _watch(store, count)
    finally:
        worker.kill()
        worker.wait()
        for key in store.scan_iter(f"{PREFIX}*"):
            store.delete(key)
    sys.stdout.write(json.dumps({"rate": rate}) + "\n")


def _watch(store: redis.Redis, count: int) -> float:
    """Jobs a second between the first twentieth and the last: the worker's start does not count."""
    lists = [f"{PREFIX}{QUEUE}:{step}" if step else f"{PREFIX}{QUEUE}" for step in STEPS]
    first = last = (0.0, 0)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with store.pipeline() as pipeline:
            for name in lists:
                pipeline.llen(name)
            left = sum(pipeline.execute())
        done = count - left
        if done >= count * 0.05 and not first[1]:
            first = (time.perf_counter(), done)
        if done >= count * 0.95:
            last = (time.perf_counter(), done)
            break
        time.sleep(0.01)
    return (last[1] - first[1]) / (last[0] - first[0])


if __name__ == "__main__":
    main()
