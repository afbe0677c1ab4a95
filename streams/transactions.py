"""
Writing records of many topics and the offsets they came from, all at once or never.

One transactional producer per owner. Opening it fences every earlier one of the same
id: from then on their writes fail, whatever they still believe.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.partitioner import murmur2
from aiokafka.structs import OffsetAndMetadata

from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import Topic, full_name
from streams.publisher import MAX_BATCH_BYTES

REQUEST_TIMEOUT_MS: Final = 20_000
"""For Kafka to confirm a write, an election included; then the owner starts anew."""


class Outgoing(NamedTuple):
    """A record to be written."""

    topic: Topic
    partition: int
    key: bytes | None
    value: bytes


class Transactions:
    """
    The writing side of one owner.

    Args:
        settings: of the deployment, with a broker.
        name: the transactional id, and the group whose offsets are committed.
        timeout_ms: how long Kafka keeps the transaction of an owner that vanished, if
            no other follows.
    """

    def __init__(self, settings: Settings, name: str, timeout_ms: int) -> None:
        self._prefix = settings.topic_prefix
        self._partitions = settings.partitions
        self._name = name
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker,
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            acks="all",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES * 2,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        self._partition_of: dict[str, int] = {}

    async def open(self) -> None:
        """
        Fence earlier owners and end what they left open.

        Raises:
            KafkaError: if the transaction coordinator cannot be reached.
        """
        await self._producer.start()

    async def close(self) -> None:
        """Give it up; what is not committed is void."""
        await self._producer.stop()

    def partition_of(self, key: str) -> int:
        """Return the partition that Kafka's default partitioner gives a key."""
        partition = self._partition_of.get(key)
        if partition is None:
            hashed: int = murmur2(key.encode())
            partition = (hashed & 0x7FFFFFFF) % self._partitions
            self._partition_of[key] = partition
        return partition

    async def commit(
        self,
        records: Iterable[Outgoing],
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        """
        Make records and offsets final at once.

        Args:
            records: in the order in which those of a partition are to lie.
            offsets: up to where of the sources is taken now.

        Raises:
            IntegrityError: if it cannot be known to be final; then nothing may be
                written any more, and the next owner finds out what is.
        """
        try:
            await self._producer.begin_transaction()
            confirmed = []
            for topic, partition, part in _by_partition(records):
                confirmed += await self._send(topic, partition, part)
            if offsets:
                await self._producer.send_offsets_to_transaction(
                    dict(offsets), self._name
                )
            for future in confirmed:
                await future
            await self._producer.commit_transaction()
        except KafkaError as exc:
            if isinstance(exc, ProducerFenced):
                raise IntegrityError(
                    f"there is a later owner of {self._name}; this one was away longer "
                    "than its session and may not write any more"
                ) from exc
            raise IntegrityError(
                f"Kafka did not confirm what {self._name} wrote: {exc!r}"
            ) from exc

    # Private

    async def _send(
        self, topic: Topic, partition: int, records: list[Outgoing]
    ) -> list[Any]:
        name = full_name(self._prefix, topic)
        confirmed = []
        builder = self._producer.create_batch()
        for record in records:
            if _is_full(builder, record):
                confirmed.append(
                    await self._producer.send_batch(builder, name, partition=partition)
                )
                builder = self._producer.create_batch()
                if _is_full(builder, record):
                    raise IntegrityError(
                        f"a record of {len(record.value)} bytes for {name} is larger "
                        f"than a batch of {MAX_BATCH_BYTES}"
                    )
        confirmed.append(
            await self._producer.send_batch(builder, name, partition=partition)
        )
        return confirmed


def _is_full(builder: Any, record: Outgoing) -> bool:
    # Puts the record in, unless the batch has no room for it.
    put = builder.append(key=record.key, value=record.value, timestamp=None)
    return put is None


def _by_partition(
    records: Iterable[Outgoing],
) -> Iterable[tuple[Topic, int, list[Outgoing]]]:
    parts: dict[tuple[str, int], list[Outgoing]] = {}
    for record in records:
        parts.setdefault((record.topic.name, record.partition), []).append(record)
    for (_, partition), part in parts.items():
        yield part[0].topic, partition, part
