"""
Reading a partition's tables back, as they were committed last.

Only after the earlier owner has been fenced: then nothing that is read can change.
What the board has said since is read right behind it, see `unfolded`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.codec import decode_line, decode_market_row
from schemas.errors import IntegrityError
from schemas.topics import LINES, MARKET, SOURCES, Topic, full_name
from streams.market.batch import remember_batch
from streams.market.tables import Tables
from streams.parsed_records import as_parsed
from streams.transport import Batch

log = logging.getLogger(__name__)

FETCH_BYTES: Final = 8 * 1024 * 1024
"""Of one fetch while reading back: some 8,000 rows."""

PATIENCE_S: Final = 90.0
"""For what is there and does not come: it lies behind an open transaction, and Kafka
ends one whose writer is gone after 60 s at most. One that it has forgotten
(KAFKA-20734) it never ends, and who waited for that would say nothing for ever."""

MARKET_KEY_PARTS: Final = 2
"""product_id and period: the key of a row that a worker wrote."""


async def committed_offsets(
    bootstrap: str, group_id: str, prefix: str, partition: int
) -> dict[str, int]:
    """Return the committed offset of every source topic that has one, by its name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        partitions = {
            TopicPartition(full_name(prefix, topic), partition): topic.name
            for topic in SOURCES
        }
        committed = await admin.list_consumer_group_offsets(
            group_id, partitions=list(partitions)
        )
    finally:
        await admin.close()
    return {
        partitions[tp]: place.offset
        for tp, place in committed.items()
        if place.offset >= 0
    }


async def restore(
    tables: Tables, bootstrap: str, prefix: str, committed: dict[str, int]
) -> None:
    """
    Fill a partition's tables from its topics.

    Args:
        tables: empty ones.
        bootstrap: Kafka's address.
        prefix: of the deployment's topics.
        committed: the offset that each source topic was folded up to.

    Raises:
        IntegrityError: if a record that a worker wrote cannot be read.
    """
    partition = tables.partition
    kept = {
        TopicPartition(full_name(prefix, topic), partition): topic
        for topic in (MARKET, LINES)
    }
    consumer = _consumer(bootstrap)
    await consumer.start()
    try:
        # Here and not before: aiokafka 0.14 ends a consumer that has had no turn since
        # its start with a CancelledError, and without records nothing below waits.
        ends = await _log_ends(bootstrap, list(kept))
        for source, topic in kept.items():
            async for records in read_back(consumer, source, 0, ends[source]):
                _put_back(tables, topic, records)
        for topic in SOURCES:
            source = TopicPartition(full_name(prefix, topic), partition)
            end = committed.get(topic.name, 0)
            span = tables.seen_ids(topic).span_to_read(end)
            async for records in read_back(consumer, source, span.start, span.stop):
                folded = [record for record in records if record.offset < span.stop]
                remember_batch(tables, topic, folded)
    finally:
        await consumer.stop()
    log.info(
        "partition %d: %d rows, %d lines restored",
        partition,
        len(tables.rows),
        len(tables.lines),
    )


async def unfolded(
    bootstrap: str, prefix: str, topic: Topic, partition: int, begin: int
) -> AsyncGenerator[Batch, None]:
    """
    Read what lies in a source topic that nobody has folded yet, up to its end.

    The board's topic is folded so before any other goes on: a gate that closed while
    nobody worked is known when the late lines come, and no line answers at a price
    that is older than one it has answered at before.

    Args:
        bootstrap: Kafka's address.
        prefix: of the deployment's topics.
        topic: a source topic.
        partition: its number.
        begin: the offset that the topic was folded up to.
    """
    name = full_name(prefix, topic)
    source = TopicPartition(name, partition)
    consumer = _consumer(bootstrap)
    await consumer.start()
    try:
        end = (await consumer.end_offsets([source]))[source]
        async for records in read_back(consumer, source, begin, end):
            after = records[-1].offset + 1
            yield Batch(name, partition, begin, after, records)
            begin = after
    finally:
        await consumer.stop()


async def _log_ends(
    bootstrap: str, sources: list[TopicPartition]
) -> dict[TopicPartition, int]:
    # To a reader of committed records a partition ends where the first transaction is
    # open, be it another writer's: the board's rows lie among ours. What we committed
    # behind it is read once that one has ended, which Kafka sees to.
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(sources)
    finally:
        await consumer.stop()
    return ends


def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=20,
        value_deserializer=as_parsed,
    )


async def read_back(
    consumer: AIOKafkaConsumer,
    source: TopicPartition,
    begin: int,
    end: int,
    *,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[list[Any]]:
    """
    Read a partition from `begin` until `end` is reached, in batches as they come.

    The consumer's position, not the last record, says how far it is: control records
    and compacted ones are never delivered.

    Raises:
        IntegrityError: if nothing comes for `patience_s`.
    """
    if begin >= end:
        return
    consumer.assign([source])
    consumer.seek(source, begin)
    clock = asyncio.get_running_loop().time
    at, moved_s = begin, clock()
    while at < end:
        fetched = await consumer.getmany(source, timeout_ms=200)
        position = await consumer.position(source)
        if position > at:
            at, moved_s = position, clock()
        elif clock() - moved_s > patience_s:
            raise IntegrityError(
                f"{source.topic} [{source.partition}] ends at {end}, and nothing "
                f"committed came after {at} for {patience_s:g} s: Kafka has left a "
                "transaction open there; end it with `kafka-transactions.sh "
                "find-hanging` and `abort`, or take a Kafka or data directory anew"
            )
        for records in fetched.values():
            yield records


def _put_back(tables: Tables, topic: Topic, records: Iterable[Any]) -> None:
    for record in records:
        try:
            if topic is MARKET:
                # The board keeps its rows in the same log, under longer keys.
                if len(_decode_key(record.key)) == MARKET_KEY_PARTS:
                    tables.put_row(decode_market_row(record.value))
            else:
                tables.put_line(decode_line(record.value))
        except msgspec.DecodeError as exc:
            raise IntegrityError(
                f"{topic.name} [{tables.partition}] {record.offset} is no record of a "
                f"worker: {exc}; nobody else may write there"
            ) from exc


_decode_key = msgspec.json.Decoder(list[str | int]).decode
