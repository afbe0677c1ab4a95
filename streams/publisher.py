"""
What a partition's owner writes: rows, lines and refusals, in transactions.

One transactional producer per partition. Making it fences every earlier owner: from
then on their writes and commits fail, whatever they still believe. What is written
becomes final at `commit`, together with the source offsets, or never.

Records leave at once, in Kafka batches of many records each: a send per record costs
140 us, a batch 2 us per record.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.producer import sender

from schemas.errors import IntegrityError

log = logging.getLogger(__name__)

# After a commit the first write of the next transaction is refused while the commit's
# markers are being written, some 3 ms, and tried again after this. aiokafka waits
# 20 ms, and the partition's events with it.
sender.BACKOFF_OVERRIDE = 0.002

MAX_BATCH_BYTES: Final = 512 * 1024
"""Of one Kafka batch: some 600 rows. Brokers take 1 MiB unless told otherwise."""

MAX_UNCONFIRMED: Final = 8
"""Batches under way before writing waits for the oldest: 4 MiB per partition."""

TRANSACTION_TIMEOUT_MS: Final = 60_000
"""How long Kafka keeps the transaction of a worker that vanished. A successor ends it
at once; this is for a partition that nobody takes over."""

Record = tuple[bytes, bytes, int | None]
"""Key, value, timestamp in milliseconds (None: now)."""

Headers = Sequence[tuple[str, bytes]]
"""What a record says beside key and value."""


class PartitionPublisher:
    """
    The writing side of one partition.

    Args:
        bootstrap: Kafka's address.
        transactional_id: the same for every owner of the partition, and only theirs.
        group_id: the workers' group, whose offsets are committed.
        partition: number of the partition in every topic.
    """

    def __init__(
        self, bootstrap: str, transactional_id: str, group_id: str, partition: int
    ) -> None:
        self._group_id = group_id
        self._partition = partition
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES * 2,
            request_timeout_ms=20_000,
        )
        self._unconfirmed: list[asyncio.Future[Any]] = []
        self._in_transaction = False

    async def open(self) -> None:
        """
        Fence earlier owners and end what they left open.

        Raises:
            KafkaError: if the transaction coordinator cannot be reached.
        """
        await self._producer.start()

    async def write(
        self, topic: str, records: Sequence[Record], *, headers: Headers = ()
    ) -> None:
        """
        Append records to the partition of a topic, without waiting for Kafka.

        Args:
            topic: its full name.
            records: in the order in which they are to lie there.
            headers: of the last record.

        Raises:
            IntegrityError: if a later owner has fenced this one, a write failed, or a
                record is larger than a batch may be.
        """
        builder: Any = None
        last = len(records) - 1
        for index, (key, value, timestamp) in enumerate(records):
            if builder is None:
                builder = self._producer.create_batch()
            of_it = list(headers) if index == last else []
            added = builder.append(
                key=key, value=value, timestamp=timestamp, headers=of_it
            )
            if added is None:
                await self._send(builder, topic)
                builder = self._producer.create_batch()
                added = builder.append(
                    key=key, value=value, timestamp=timestamp, headers=of_it
                )
                if added is None:
                    raise IntegrityError(
                        f"a record of {len(key) + len(value)} bytes for {topic} is "
                        f"larger than a batch of {MAX_BATCH_BYTES}: key {key[:200]!r}"
                    )
        if builder is not None:
            await self._send(builder, topic)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """
        Make everything written so far final, together with the source offsets.

        Raises:
            IntegrityError: if it cannot be known to be final; then nothing may be
                written any more, and a new owner finds out what is.
        """
        try:
            if not self._in_transaction:
                await self._producer.begin_transaction()
                self._in_transaction = True
            await self._confirm(0)
            await self._producer.send_offsets_to_transaction(
                dict(offsets), self._group_id
            )
            await self._producer.commit_transaction()
        except KafkaError as exc:
            raise self._broken("commit", exc) from exc
        self._in_transaction = False

    async def close(self) -> None:
        """Give the partition up; what is not committed is void."""
        for future in self._unconfirmed:
            future.cancel()
        self._unconfirmed.clear()
        try:
            if self._in_transaction:
                await self._producer.abort_transaction()
        except KafkaError as exc:
            # The successor ends it when it opens the partition.
            log.info("left a transaction open: %s", exc)
        finally:
            await self._producer.stop()

    # Private

    async def _send(self, builder: Any, topic: str) -> None:
        try:
            if not self._in_transaction:
                await self._producer.begin_transaction()
                self._in_transaction = True
            await self._confirm(MAX_UNCONFIRMED - 1)
            self._unconfirmed.append(
                await self._producer.send_batch(
                    builder, topic, partition=self._partition
                )
            )
        except KafkaError as exc:
            raise self._broken("write", exc) from exc

    async def _confirm(self, leave: int) -> None:
        while len(self._unconfirmed) > leave:
            await self._unconfirmed.pop(0)

    def _broken(self, what: str, exc: KafkaError) -> IntegrityError:
        if isinstance(exc, ProducerFenced):
            return IntegrityError(
                f"partition {self._partition} has a later owner; this worker was away "
                f"longer than its session and may not {what}"
            )
        return IntegrityError(
            f"Kafka did not confirm a {what} of partition {self._partition}: {exc!r}"
        )
