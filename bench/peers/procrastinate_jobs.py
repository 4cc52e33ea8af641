"""procrastinate on the same PostgreSQL: defer in one batch, let a worker with ten jobs at once empty the queue."""

import asyncio
import json
import os
import sys
import time

import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["BENCH_DATABASE"]))


@app.task(name="job")
async def job(number: int) -> None:
    """Nothing to do."""


async def main() -> None:
    count = int(sys.argv[1])
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        for priority in range(10):
            jobs = [{"number": number} for number in range(count // 10)]
            await job.configure(priority=priority).batch_defer_async(*jobs)
        began = time.perf_counter()
        await app.run_worker_async(concurrency=10, wait=False, install_signal_handlers=False)
        took = time.perf_counter() - began
    sys.stdout.write(json.dumps({"rate": count // 10 * 10 / took}) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
