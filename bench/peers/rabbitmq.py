"""RabbitMQ with a priority queue: durable, persistent messages, one unacknowledged at a time."""

import json
import os
import secrets
import sys
import time

import pika


def main() -> None:
    count = int(sys.argv[1])
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["BENCH_AMQP"]))
    channel = connection.channel()
    queue = f"bench-{secrets.token_hex(4)}"
    channel.queue_declare(queue, durable=True, arguments={"x-max-priority": 10})
    try:
        body = b"x" * 200
        for number in range(count):
            channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2, priority=number % 10))
        rate = _consume(connection, channel, queue, count)
    finally:
        channel.queue_delete(queue)
        connection.close()
    sys.stdout.write(json.dumps({"rate": rate}) + "\n")


def _consume(connection, channel, queue: str, count: int) -> float:  # type: ignore[no-untyped-def]
    # What was published must stand in the queue before the clock starts.
    while channel.queue_declare(queue, passive=True).method.message_count < count:
        connection.sleep(0.05)
    channel.basic_qos(prefetch_count=1)
    began = time.perf_counter()
    for done, (method, _, _) in enumerate(channel.consume(queue), start=1):
        channel.basic_ack(method.delivery_tag)
        if done == count:
            break
    # A round trip: the acknowledgements have arrived.
    channel.queue_declare(queue, passive=True)
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
