"""
One partition in the hands of this worker: opened, folded into, committed, given up.

Opening fences earlier owners, then reads back what they committed, and folds what the
board has said since: its word comes before the lines that it is about. A batch must
follow on what was folded before: what was folded already is skipped, and a hole means
that records were lost on their way here, so the worker stops.
"""

import logging
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Final, Self

from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2

from schemas.codec import encode, encode_key
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import (
    BIDS,
    BOARD,
    LINES,
    MARKET,
    PURCHASES,
    REJECTED,
    SOURCES,
    full_name,
    group_name,
)
from streams.market.batch import Changes, fold_batch
from streams.market.periods import Calendar
from streams.market.tables import Rules, Tables, line_key
from streams.publisher import PartitionPublisher, Record
from streams.recovery import committed_offsets, restore, unfolded
from streams.transport import Batch

log = logging.getLogger(__name__)

COMPLETE_TO: Final = "bids"
"""
Header of the last of a batch's lines: the next offset of `bids`.

With the lines up to this one, whoever reads them has what all bids before that offset
came to. In the middle of a batch they are neither here nor there.
"""


class Partition:
    """
    A partition that this worker owns.

    Make it with `Partition.open`; before another may own it, `close`.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: PartitionPublisher,
        tables: Tables,
        committed: dict[str, int],
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._tables = tables
        self._next = dict(committed)
        self._committed = dict(committed)
        self._topics = {full_name(settings.topic_prefix, t): t for t in SOURCES}

    @classmethod
    async def open(cls, settings: Settings, partition: int) -> Self:
        """
        Take the partition over.

        Raises:
            IntegrityError: if what was committed cannot be read.
            KafkaError: if Kafka cannot be reached.
        """
        prefix = settings.topic_prefix
        publisher = PartitionPublisher(
            settings.broker, f"{prefix}.{partition}", group_id(settings), partition
        )
        await publisher.open()
        tables = Tables(partition, rules(settings, partition))
        # In this order: fenced, the offsets can no longer change, nor can the rows.
        committed = await committed_offsets(
            settings.broker, group_id(settings), prefix, partition
        )
        await restore(tables, settings.broker, prefix, committed)
        opened = cls(settings, publisher, tables, committed)
        said = unfolded(
            settings.broker, prefix, BOARD, partition, committed.get(BOARD.name, 0)
        )
        async with aclosing(said):
            async for batch in said:
                await opened.fold(batch)
        return opened

    @property
    def is_dirty(self) -> bool:
        """Whether there is anything to commit."""
        return self._next != self._committed

    async def fold(self, batch: Batch) -> None:
        """
        Fold a batch and write what it changed.

        Raises:
            IntegrityError: if records are missing before it, or writing failed.
        """
        topic = self._topics[batch.topic]
        expected = self._next.get(topic.name)
        if expected is not None and batch.begin > expected:
            raise IntegrityError(
                f"records of {batch.topic} [{batch.partition}] were lost on their way: "
                f"expected offset {expected}, was {batch.begin}"
            )
        records = batch.records
        if expected is not None and records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
        changes = fold_batch(self._tables, topic, records)
        self._next[topic.name] = max(batch.end, expected or 0)
        await self._write(changes)

    async def commit(self) -> None:
        """
        Make everything folded so far final.

        Raises:
            IntegrityError: if it cannot be known to be final.
        """
        if not self.is_dirty:
            return
        folded = dict(self._next)
        prefix, partition = self._settings.topic_prefix, self._tables.partition
        await self._publisher.commit(
            {
                TopicPartition(full_name(prefix, topic), partition): folded[topic.name]
                for topic in SOURCES
                if topic.name in folded
            }
        )
        self._committed = folded

    async def close(self) -> None:
        """Give the partition up; what is not committed is void."""
        await self._publisher.close()

    # Private

    async def _write(self, changes: Changes) -> None:
        prefix, write = self._settings.topic_prefix, self._publisher.write
        if changes.rows:
            rows: list[Record] = [
                (
                    encode_key(row.product_id, row.period),
                    encode(row),
                    _milliseconds(row.received_at),
                )
                for row in changes.rows
            ]
            await write(full_name(prefix, MARKET), rows)
        if changes.lines:
            await write(
                full_name(prefix, LINES),
                [
                    (encode_key(*line_key(line)), encode(line), None)
                    for line in changes.lines
                ],
                headers=[(COMPLETE_TO, str(self._next.get(BIDS.name, 0)).encode())],
            )
        if changes.rejected:
            await write(
                full_name(prefix, REJECTED),
                [
                    (refused.code.encode(), encode(refused), None)
                    for refused in changes.rejected
                ],
            )


def group_id(settings: Settings) -> str:
    """Return the name of the workers' group."""
    return group_name(settings.topic_prefix, PURCHASES)


def rules(settings: Settings, partition: int) -> Rules:
    """Return the market's rules for a partition."""
    return Rules(
        calendar=Calendar(settings.period),
        early_limit_s=settings.early_limit_s,
        duplicates_window=settings.duplicates_window,
        belongs=partial(_belongs, partition, settings.partitions),
    )


def _belongs(partition: int, partitions: int, product_id: str) -> bool:
    # What Kafka's default partitioner does with a key.
    hashed: int = murmur2(product_id.encode())
    return (hashed & 0x7FFFFFFF) % partitions == partition


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
