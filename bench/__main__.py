"""``./run bench``: every figure beside its floor. ``--quick`` for a look, ``--json FILE`` to keep them."""

import argparse
import asyncio
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from bench import figures, floors
from bench.figures import Figure
from bench.messages import Stage
from tests.support.carrier import Provider
from tests.support.product import Product

RATES = (1.0, 20.0, 100.0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a third of the time")
    options.add_argument("--json", type=Path, help="append the figures to this file")
    chosen = options.parse_args()
    shape = "production" if os.environ.get("DATABASE_URL") else "embedded"
    print(f"shape: {shape}, {os.cpu_count()} cores")
    rows = measure(seconds=5 if chosen.quick else 15)
    print(figures.table(rows))
    if chosen.json:
        with chosen.json.open("a") as file:
            file.write(json.dumps({"shape": shape, "figures": [asdict(row) for row in rows]}) + "\n")


def measure(*, seconds: float) -> list[Figure]:
    bare_start, bare_memory = floors.bare_process()
    provider = Provider()
    product = Product(env=provider.environment())
    try:
        product.start()
        began = time.perf_counter()
        product.restart()
        warm = time.perf_counter() - began
        idle = sum(floors.resident_mb(process.pid) for process in product.processes.values())
        rows = asyncio.run(messages(product, provider, seconds=seconds))
    finally:
        product.stop()
        provider.close()
    return [
        *rows,
        figures.of("warm restart until ready", [warm], floor=bare_start, unit="s"),
        figures.of("idle memory, all processes", [idle], floor=bare_memory, unit="MB"),
    ]


async def messages(product: Product, provider: Provider, *, seconds: float) -> list[Figure]:
    url = product.env.get("DATABASE_URL", "") if product.production else ""
    stage = Stage(product, provider)
    rows = []
    await stage.open()
    try:
        insert = floors.insert_ms(database_url=url, folder=product.var)
        echo = await floors.echo_ms()
        offers = await stage.offers()
        rows.append(figures.of("first words to offer on the socket", offers, floor=2 * insert + echo))
        for rate in RATES:
            took, lost = await stage.stream(rate=rate, seconds=max(seconds, 20 / rate))
            note = f"{len(took)} texts" + (f", {lost} late or lost" if lost else "")
            rows.append(figures.of(f"webhook to socket at {rate:g}/s", took, floor=insert + echo, note=note))
    finally:
        await stage.close()
    return rows


if __name__ == "__main__":
    main()
