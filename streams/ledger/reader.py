"""
What the ledger reads, all of it in one queue.

Rules that hold here:

- What parties and the board say is read committed: an event of a transaction that was
  given up never was. `lines` is read before it is committed: the fold is deterministic,
  so that what a successor of a worker that died writes ends as the same.
- The queue is bounded. When it is full, fetching waits.
- Offsets are the consumer's positions, not those of the last records: control records
  are never delivered.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.settings import Settings
from schemas.topics import (
    BOARD,
    LINES,
    PRODUCTION,
    PURCHASES,
    REQUESTS,
    Topic,
    full_name,
)
from streams.parsed_records import as_parsed

READ: Final = (BOARD, PURCHASES, PRODUCTION, REQUESTS, LINES)
"""What the ledger reads of each partition."""

QUEUED: Final = 16
"""Batches that wait; then fetching waits."""

MAX_RECORDS: Final = 2_000
"""Of one batch: some 50 ms of work."""

FETCH_BYTES: Final = 1024 * 1024
"""Of one partition's fetch."""

FETCH_WAIT_MS: Final = 20
"""How long a broker may hold a fetch back while nothing comes."""


class Fetched(NamedTuple):
    """Records of one partition; `after` is the next offset behind them."""

    topic: Topic
    partition: int
    records: list[Any]
    after: int


class Reader:
    """
    Reads on from given offsets.

    Args:
        settings: of the deployment.
        begin: by topic name and partition; what is missing is read from its beginning.

    Attributes:
        fetched: what has been read, to be taken in its order.
    """

    def __init__(
        self, settings: Settings, begin: Mapping[tuple[str, int], int]
    ) -> None:
        self._settings = settings
        self._begin = begin
        self.fetched: asyncio.Queue[Fetched] = asyncio.Queue(QUEUED)

    async def run(self) -> None:
        """
        Read until cancelled.

        Raises:
            KafkaError: if Kafka cannot be reached.
        """
        async with asyncio.TaskGroup() as tasks:
            # One each, so that a pile of purchases keeps no request waiting.
            for topics in ((REQUESTS,), (BOARD, PURCHASES, PRODUCTION)):
                tasks.create_task(self._follow(topics, committed=True))
            tasks.create_task(self._follow((LINES,), committed=False))

    # Private

    async def _follow(self, topics: tuple[Topic, ...], *, committed: bool) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed" if committed else "read_uncommitted",
            max_partition_fetch_bytes=FETCH_BYTES,
            max_poll_records=MAX_RECORDS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            value_deserializer=as_parsed,
        )
        places = {
            TopicPartition(full_name(self._settings.topic_prefix, topic), number): topic
            for topic in topics
            for number in range(self._settings.partitions)
        }
        await consumer.start()
        try:
            consumer.assign(list(places))
            for place, topic in places.items():
                begin = self._begin.get((topic.name, place.partition))
                if begin is None:
                    await consumer.seek_to_beginning(place)
                else:
                    consumer.seek(place, begin)
            while True:
                fetched = await consumer.getmany(timeout_ms=60_000)
                for place, records in fetched.items():
                    after = await consumer.position(place)
                    await self.fetched.put(
                        Fetched(places[place], place.partition, records, after)
                    )
        finally:
            await consumer.stop()
