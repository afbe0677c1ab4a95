"""
Reading a stretch of a partition, for recovery and the audit.

Whoever reads waits for Kafka `PATIENCE_S` and no longer: a reader that waits for ever
says nothing, and is taken for one that works.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from schemas.settings import Settings
from streams.parsed_records import as_parsed

log = logging.getLogger(__name__)

FETCH_BYTES: Final = 4 * 1024 * 1024
"""Of one fetch: some 15,000 events."""

PATIENCE_S: Final = 15.0
"""For Kafka to answer, or to hand out a record that it has said is there. A leader's
election takes 1 to 5 s."""


class Reading(NamedTuple):
    """
    Where reading is.

    Attributes:
        what: is being done.
        done, total: of records, as their offsets count; both 0 where none are read.
    """

    what: str
    done: int
    total: int


class ReadingProgress:
    """
    Tells how far reading is.

    Args:
        tell: hears of each step and batch; returns at once.
    """

    def __init__(self, tell: Callable[[Reading], None] = lambda _: None) -> None:
        self._tell = tell
        self._what = ""
        self._done = self._total = 0

    def begin(self, what: str, total: int = 0) -> None:
        """Begin a step."""
        self._what, self._done, self._total = what, 0, total
        self._tell(Reading(what, 0, total))

    def advance(self, count: int) -> None:
        """Note that so many records more are behind us."""
        self._done += count
        self._tell(Reading(self._what, self._done, self._total))


SILENT: Final = ReadingProgress()
"""For whom nobody watches."""


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
        request_timeout_ms=int(PATIENCE_S * 1000),
        value_deserializer=as_parsed,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def stretch(
    consumer: AIOKafkaConsumer,
    source: TopicPartition,
    begin: int,
    end: int,
    *,
    progress: ReadingProgress = SILENT,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[list[Any]]:
    """
    Read the records of a partition from `begin` to before `end`, in batches.

    What lies beyond the partition's end is not waited for.

    The consumer's position, not the last record, says how far it is: control records
    and compacted ones are never delivered.

    Raises:
        KafkaTimeoutError: if nothing comes for `patience_s` although something is
            there.
    """
    end = min(end, (await consumer.end_offsets([source]))[source])
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
            progress.advance(min(position, end) - at)
            at, moved_s = position, clock()
        elif clock() - moved_s > patience_s:
            raise KafkaTimeoutError(
                f"{source.topic} [{source.partition}] ends at {end}, and nothing came "
                f"after {at} for {patience_s:g} s"
            )
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
