"""
How far a consumer group is, read from what it commits: exact, and at no cost to it.

A group's commits are records of Kafka's topic `__consumer_offsets`, a few per second.
Whoever reads them knows how many events were final at which moment, to the
millisecond, by the broker's clock, without asking anybody anything. Commits inside a
transaction show when it is committed, with the rows.

`window` is the rule by which all that commit are measured; the ceiling, which commits
nothing, tells the same points itself.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

OFFSETS_TOPIC: Final = "__consumer_offsets"

ROUND_SHARE: Final = 0.3
"""Of the commit interval: commits closer than this are of one round. A worker commits
its partitions one by one, some ms apart, and folds nothing in between."""


class Commit(NamedTuple):
    """One committed offset; `at_s` in seconds since 1970, by the broker's clock."""

    group: str
    topic: str
    partition: int
    offset: int
    at_s: float


class Point(NamedTuple):
    """How many events were done at a moment."""

    at_s: float
    events: int


def parse_commit(
    key: bytes | None, value: bytes | None, timestamp_ms: int
) -> Commit | None:
    """
    Read a record of the offsets topic; None if it is no commit.

    Its format is Kafka's (OffsetCommitKey, and how OffsetCommitValue begins in all of
    its versions): big-endian integers, texts after a length of two bytes.
    """
    if not key or value is None or struct.unpack_from(">h", key)[0] > 1:
        return None  # a group's own record, or an offset that was forgotten
    group, at = _text(key, 2)
    topic, at = _text(key, at)
    (partition,) = struct.unpack_from(">i", key, at)
    (offset,) = struct.unpack_from(">q", value, 2)
    return Commit(group, topic, partition, offset, timestamp_ms / 1000)


def progress(commits: Sequence[Commit], interval_s: float) -> list[Point]:
    """
    Return a point for every round of commits.

    Args:
        commits: of one group and topic, in the order of their times.
        interval_s: how often the group commits.
    """
    reached: dict[int, int] = {}
    points: list[Point] = []
    for index, commit in enumerate(commits):
        reached[commit.partition] = commit.offset
        following = commits[index + 1] if index + 1 < len(commits) else None
        if following is None or (
            following.at_s - commit.at_s > interval_s * ROUND_SHARE
        ):
            points.append(Point(commit.at_s, sum(reached.values())))
    return points


def window(
    points: Sequence[Point], warm_up: int, total: int
) -> tuple[Point, Point] | None:
    """
    Return from where to where a run is measured.

    From the first point at which the warm-up is done to the last one before the end:
    in between the process had work all the time, and both points are exact. What
    comes before (start-up, a JVM's compiling) and after (waiting for the last commit)
    counts for nobody.

    Returns:
        None if the run was too short to have two such points.
    """
    busy = [point for point in points if warm_up <= point.events < total]
    if len(busy) < 2:
        return None
    return busy[0], busy[-1]


class CommitLog:
    """The commits of all groups since it was opened; made by `follow`."""

    def __init__(self) -> None:
        self._commits: list[Commit] = []
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    def of(self, topic: str, group: str | None = None) -> list[Commit]:
        """Return the commits of a topic in the order of their times."""
        return sorted(
            (
                commit
                for commit in self._commits
                if commit.topic == topic and group in (None, commit.group)
            ),
            key=lambda commit: commit.at_s,
        )

    async def reached(self, topic: str, group: str, total: int) -> None:
        """Wait until a group has committed `total` events of a topic."""
        while True:
            self._news.clear()
            if self._reading is not None:
                self._reading.result()  # it never ends but by an error
            newest = {c.partition: c.offset for c in self.of(topic, group)}
            if sum(newest.values()) >= total:
                return
            await self._news.wait()

    def add(self, commit: Commit) -> None:
        """Take a commit in."""
        self._commits.append(commit)
        self._news.set()

    def end(self, reading: asyncio.Task[None]) -> None:
        """Let who waits see why nothing more is read."""
        self._reading = reading
        self._news.set()


@asynccontextmanager
async def follow(bootstrap: str) -> AsyncIterator[CommitLog]:
    """Follow the commits of all groups from now on."""
    # Kafka makes the topic when the first group asks for its coordinator.
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described: list[dict[str, Any]] = []
        while not described or described[0]["error_code"]:
            await _ask_for_coordinator(admin)
            described = await admin.describe_topics([OFFSETS_TOPIC])
        partitions = [
            TopicPartition(OFFSETS_TOPIC, partition["partition"])
            for partition in described[0]["partitions"]
        ]
    finally:
        await admin.close()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    consumer.assign(partitions)
    # Not `seek_to_end`, which fails where a partition has no leader yet.
    for partition, end in (await consumer.end_offsets(partitions)).items():
        consumer.seek(partition, end)
    log = CommitLog()
    reading = asyncio.create_task(_read(consumer, log))
    reading.add_done_callback(log.end)
    try:
        yield log
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await consumer.stop()


# Private


async def _ask_for_coordinator(admin: AIOKafkaAdminClient) -> None:
    from aiokafka.errors import GroupCoordinatorNotAvailableError

    try:
        await admin.find_coordinator("benchmark")
    except GroupCoordinatorNotAvailableError:
        await asyncio.sleep(0.05)  # it is being made


async def _read(consumer: AIOKafkaConsumer, log: CommitLog) -> None:
    async for record in consumer:
        commit = parse_commit(record.key, record.value, record.timestamp)
        if commit is not None:
            log.add(commit)


def _text(raw: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">h", raw, at)
    begin = at + 2
    return raw[begin : begin + length].decode(), begin + length
