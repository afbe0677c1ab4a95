"""
What the workers refused, counted from the `rejected` topic.

A record is counted once by the place of what it refused, since a worker that took over
writes again what its predecessor had not finished. An event that was only sent twice
is no refusal: it counts in a row. What planning handed in before the replay is left
out by its ids.
"""

from collections import Counter
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from parfeed.errors import BrokerFailed
from schemas.codec import decode_rejected
from schemas.settings import Settings
from schemas.topics import REJECTED, full_name

SENT_TWICE: Final = "duplicate"


class Rejections:
    """
    The refusals so far. `read` goes on from where it last was.

    Use it as an asynchronous context.

    Args:
        settings: of a running deployment; `broker` is filled in.
        apart: what ids of events begin with that are not looked at.
    """

    def __init__(self, settings: Settings, apart: tuple[str, ...] = ()) -> None:
        self._settings = settings
        self._apart = apart
        self._topic = full_name(settings.topic_prefix, REJECTED)
        self._consumer: AIOKafkaConsumer | None = None
        self._seen: set[tuple[str, int, int]] = set()
        self._counts: Counter[str] = Counter()

    async def __aenter__(self) -> "Rejections":
        """Connect to Kafka."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            # No group: nobody shares this work, and nothing is committed.
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._consumer = consumer
        try:
            await consumer.start()
            partitions = [
                TopicPartition(self._topic, number)
                for number in range(self._settings.partitions)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
        except BaseException:
            await consumer.stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Leave Kafka."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def read(self) -> Counter[str]:
        """
        Return all refusals by code, up to the topic's end of now.

        Raises:
            BrokerFailed: if Kafka does not answer.
        """
        consumer = self._consumer
        if consumer is None:
            raise AssertionError("rejections are read inside their context")
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while True:
                behind = [
                    partition
                    for partition, end in ends.items()
                    if await consumer.position(partition) < end
                ]
                if not behind:
                    return self._counts
                batches = await consumer.getmany(*behind, timeout_ms=200)
                for records in batches.values():
                    for record in records:
                        self._count(record.value)
        except KafkaError as exc:
            raise BrokerFailed(
                f"what the workers refused could not be read from Kafka ({exc!r}); "
                "start the demo again: it goes on where it stopped"
            ) from exc

    def _count(self, value: bytes) -> None:
        rejected = decode_rejected(value)
        place = (rejected.topic, rejected.partition, rejected.offset)
        if rejected.code == SENT_TWICE or place in self._seen:
            return
        if (rejected.event_id or "").startswith(self._apart):
            return
        self._seen.add(place)
        self._counts[rejected.code] += 1
