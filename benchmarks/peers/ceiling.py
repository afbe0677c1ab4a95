"""
The ceiling: what one Python process can read at all.

aiokafka and msgspec only: the same events, decoded into the same structs with the
same exact numbers, and added into a dict by product. No periods, no windows, no
duplicates, no rows, no output, no commits. A worker cannot be faster.

    python -m benchmarks.peers.ceiling BROKER TOPIC PARTITIONS EVENTS OUTPUT

Writes one JSON object to OUTPUT: how far it was when, and what it added up.
"""

import asyncio
import sys
import time
from decimal import Decimal
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.events import Event
from schemas.values import from_wire

ZERO = Decimal(0)


class Ceiling(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        points: [seconds since 1970, events done], after every fetch.
        quantity, value: of all events.
    """

    points: list[tuple[float, int]]
    quantity: Decimal
    value: Decimal


async def read(broker: str, topic: str, partitions: int, events: int) -> Ceiling:
    """Read `events` events and add them up."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        enable_auto_commit=False,
        # As the worker fetches.
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    sources = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer.assign(sources)
    await consumer.seek_to_beginning(*sources)
    decode = msgspec.json.Decoder(Event, dec_hook=from_wire).decode
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    points: list[tuple[float, int]] = []
    done = 0
    try:
        while done < events:
            fetched = await consumer.getmany(timeout_ms=200, max_records=20_000)
            for records in fetched.values():
                for record in records:
                    event = decode(record.value)
                    quantity, value = sums.get(event.product_id, (ZERO, ZERO))
                    sums[event.product_id] = (
                        quantity + event.quantity,
                        value + event.quantity * event.unit_price,
                    )
                done += len(records)
            points.append((time.time(), done))
    finally:
        await consumer.stop()
    return Ceiling(
        points=points,
        quantity=sum((quantity for quantity, _ in sums.values()), ZERO),
        value=sum((value for _, value in sums.values()), ZERO),
    )


def main() -> None:
    broker, topic, partitions, events, output = sys.argv[1:]
    found = asyncio.run(read(broker, topic, int(partitions), int(events)))
    Path(output).write_bytes(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
