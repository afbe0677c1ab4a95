"""Reading a stretch of a partition, for recovery and the audit."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.settings import Settings
from streams.parsed_records import as_parsed

log = logging.getLogger(__name__)

FETCH_BYTES: Final = 4 * 1024 * 1024
"""Of one fetch: some 15,000 events."""


@asynccontextmanager
async def reading(
    settings: Settings, *, committed: bool = True
) -> AsyncIterator[AIOKafkaConsumer]:
    """
    Connect a consumer without a group.

    Args:
        settings: of the deployment.
        committed: whether to read committed records only. To such a reader a
            partition ends where any writer's transaction is open.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        isolation_level="read_committed" if committed else "read_uncommitted",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=20,
        value_deserializer=as_parsed,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def stretch(
    consumer: AIOKafkaConsumer, source: TopicPartition, begin: int, end: int
) -> AsyncIterator[list[Any]]:
    """
    Read the records of a partition from `begin` to before `end`, in batches.

    What lies beyond the partition's end is not waited for.

    The consumer's position, not the last record, says how far it is: control records
    and compacted ones are never delivered.
    """
    end = min(end, (await consumer.end_offsets([source]))[source])
    if begin >= end:
        return
    consumer.assign([source])
    consumer.seek(source, begin)
    while await consumer.position(source) < end:
        fetched = await consumer.getmany(source, timeout_ms=200)
        for records in fetched.values():
            within = [record for record in records if record.offset < end]
            if within:
                yield within


async def since(
    consumer: AIOKafkaConsumer, sources: list[TopicPartition], timestamp_ms: int
) -> Mapping[TopicPartition, int]:
    """Return the first offset of each partition at a time or later."""
    ends = await consumer.end_offsets(sources)
    found = await consumer.offsets_for_times(dict.fromkeys(sources, timestamp_ms))
    return {
        source: ends[source] if at is None else at.offset
        for source, at in found.items()
    }
