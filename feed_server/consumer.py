"""
The feed's log, from Kafka to whoever applies it: a topic's partitions of it.

All partitions are assigned by hand and read from the beginning; there is no group and
nothing is committed, since every feed server reads everything. Records of `market` are
read before their transaction is committed: the fold is deterministic, so that a row
whose worker died is written again as it was. Those of `accounts` are read once it is: a
balance that was never final must not be shown.

Rules:
- The epoch is read first; without one there is no log to speak of, and it is waited
  for. Another epoch later means another log.
- A broker that restarts is waited for. One that stays away, a partition that does not
  move although it has more, and a log that was cut below what was read raise
  SourceLost: nothing is guessed, the process ends and starts anew.
- "Caught up" is told by the consumer's position: the marks of transactions take
  offsets in the log and are never delivered.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from feed_server.errors import SourceLost
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import EPOCH, MARKET, Topic, full_name

FETCH_MIN_BYTES: Final = 64 * 1024
FETCH_WAIT_MS: Final = 5
"""A broker answers when it has 64 KiB (60 rows) or after 5 ms, the time of a tick: a
request for each row that comes would take the time from sending it."""

SELDOM_WAIT_MS: Final = 20
"""Where rows come seldom each is fetched as it comes, and a broker that has none is
asked four times less often: an idle reader takes 2.1 % of a core instead of 2.8 %."""

BATCH_RECORDS: Final = 2_000
"""Records that are applied without a pause: some 10 ms, so that sockets are served
while a large log is loaded."""

PROBE_S: Final = 2.0
"""How often Kafka is asked for the ends of the partitions."""

EPOCH_KEY: Final = b"market"
"""Key of the records that name the market's log."""

LOST_AFTER_S: Final = 60.0
"""How long Kafka may be silent. A broker restarts in 5 to 30 s; a subscriber that
comes back to another server meanwhile loses nothing, so a minute is not too soon."""

PAUSE_S: Final = 0.25
"""Between two attempts to find the topics."""

METADATA_PAUSE_S: Final = 0.01
"""Between two looks at what the client knows of a topic; an answer takes some 5 ms."""

logger = logging.getLogger(__name__)

Apply = Callable[[int, int, bytes | None, bytes | None], None]


class _EpochRecord(msgspec.Struct):
    epoch: str


_decode_epoch = msgspec.json.Decoder(_EpochRecord).decode


class LogConsumer:
    """
    Reads a topic of a deployment's log.

    Args:
        settings: broker, prefix and partitions are read from it.
        topic: whose partitions are read.
        first: number of the topic's first partition in the log.
        isolation: whether records are read before they are final.
        seldom: whether records come seldom, so that there are no batches to wait for.
        lost_after_s: how long Kafka may be silent.
        probe_s: how often it is asked.

    Attributes:
        epoch: the log's identity, once `open` has returned.
        is_in_touch: whether Kafka answered the last time it was asked.
    """

    def __init__(
        self,
        settings: Settings,
        topic: Topic = MARKET,
        *,
        first: int = 0,
        isolation: Literal["read_uncommitted", "read_committed"] = "read_uncommitted",
        seldom: bool = False,
        lost_after_s: float = LOST_AFTER_S,
        probe_s: float = PROBE_S,
    ) -> None:
        self.epoch = ""
        self.is_in_touch = True
        self._settings = settings
        self._first = first
        self._isolation = isolation
        self._seldom = seldom
        self._lost_after_s = lost_after_s
        self._probe_s = probe_s
        self._topic = full_name(settings.topic_prefix, topic)
        self._places = [
            TopicPartition(self._topic, number) for number in range(settings.partitions)
        ]
        self._epoch_at = TopicPartition(full_name(settings.topic_prefix, EPOCH), 0)
        self._consumer: AIOKafkaConsumer | None = None

    async def open(self) -> str:
        """
        Connect, however long it takes, and return the log's epoch.

        Raises:
            IntegrityError: if the topics are not what the settings say.
        """
        while True:
            consumer = self._make()
            try:
                await consumer.start()
            except (KafkaError, OSError) as exc:
                await consumer.stop()
                logger.warning("no Kafka yet, trying again: %s", exc)
                await asyncio.sleep(PAUSE_S)
                continue
            break
        self._consumer = consumer
        await self._find_topics(consumer)
        self.epoch, next_offset = await self._read_epoch(consumer)
        consumer.assign([*self._places, self._epoch_at])
        consumer.seek(self._epoch_at, next_offset)
        await consumer.seek_to_beginning(*self._places)
        return self.epoch

    async def load(self, apply: Apply) -> None:
        """
        Read everything that the log holds now.

        Raises:
            SourceLost: if Kafka goes away meanwhile.
            IntegrityError: if the log holds what no worker writes.
        """
        consumer = self._opened()
        ends = await self._within(consumer.end_offsets(self._places))
        silent_since = time.monotonic()
        while not await self._has_reached(consumer, ends):
            if await self._read(consumer, apply, timeout_ms=200):
                silent_since = time.monotonic()
            elif time.monotonic() - silent_since > self._lost_after_s:
                raise SourceLost(
                    f"Kafka delivered nothing for {self._lost_after_s:g} s while "
                    f"{self._topic} was loaded"
                )
            # Sockets and signals have their turn between two batches.
            await asyncio.sleep(0)

    async def follow(
        self,
        apply: Apply,
        on_batch: Callable[[ConsumerRecord], None],
        on_silence: Callable[[], None],
    ) -> None:
        """
        Read what comes, until cancelled.

        Args:
            apply: is called for every record, in the order of each partition.
            on_batch: is called after some, with the newest.
            on_silence: is called while Kafka does not answer: nobody knows then how
                old the newest row is.

        Raises:
            SourceLost: if the log is gone, cut, another one, or silent for too long.
            IntegrityError: if the log holds what no worker writes.
        """
        consumer = self._opened()
        watch = asyncio.create_task(
            self._watch(consumer, on_silence), name="watch Kafka"
        )
        try:
            while True:
                newest = await self._read(consumer, apply, timeout_ms=1_000)
                if newest is not None:
                    on_batch(newest)
                if watch.done():
                    watch.result()
                await asyncio.sleep(0)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def close(self) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        try:
            await consumer.stop()
        except asyncio.CancelledError:
            # stop() lets the cancellation of its own fetches out while a broker is
            # away, and leaves the rest undone.
            await consumer._client.close()
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise

    # Private.

    def _make(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            group_id=None,
            enable_auto_commit=False,
            isolation_level=self._isolation,
            # A log that was cut is an error here, not a reason to start over.
            auto_offset_reset="none",
            fetch_max_wait_ms=SELDOM_WAIT_MS if self._seldom else FETCH_WAIT_MS,
            fetch_min_bytes=1 if self._seldom else FETCH_MIN_BYTES,
        )

    def _opened(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise AssertionError("open() comes first")
        return self._consumer

    async def _find_topics(self, consumer: AIOKafkaConsumer) -> None:
        topic, epoch = self._topic, self._epoch_at.topic
        while True:
            try:
                # Asks for all, since asking for one by name may make it.
                known = await consumer.topics()
            except (KafkaError, OSError) as exc:
                logger.warning("no list of topics yet, trying again: %s", exc)
                known = set()
            if topic in known and epoch in known:
                break
            await asyncio.sleep(PAUSE_S)
        # The client keeps the partitions of what is assigned, once it has asked again;
        # there is nothing to wait for but the answer itself.
        consumer.assign([*self._places, self._epoch_at])
        while (partitions := consumer.partitions_for_topic(topic)) is None:  # noqa: ASYNC110
            await asyncio.sleep(METADATA_PAUSE_S)
        if len(partitions) != len(self._places):
            raise IntegrityError(
                f"topic {topic} has {len(partitions)} partitions, PARFEED_PARTITIONS "
                f"is {len(self._places)}: set it to what the topics were made with"
            )

    async def _read_epoch(self, consumer: AIOKafkaConsumer) -> tuple[str, int]:
        consumer.assign([self._epoch_at])
        await consumer.seek_to_beginning(self._epoch_at)
        epoch = None
        while True:
            try:
                end = (await consumer.end_offsets([self._epoch_at]))[self._epoch_at]
                while await consumer.position(self._epoch_at) < end:
                    batches = await consumer.getmany(timeout_ms=200)
                    for record in batches.get(self._epoch_at, ()):
                        epoch = _epoch_of(record) or epoch
            except KafkaError as exc:
                logger.warning("no epoch yet, trying again: %s", exc)
            if epoch is not None:
                return epoch, await consumer.position(self._epoch_at)
            await asyncio.sleep(PAUSE_S)

    async def _read(
        self, consumer: AIOKafkaConsumer, apply: Apply, timeout_ms: int
    ) -> ConsumerRecord | None:
        try:
            batches = await consumer.getmany(
                timeout_ms=timeout_ms, max_records=BATCH_RECORDS
            )
        except OffsetOutOfRangeError as exc:
            raise SourceLost(f"the log was cut below what was read: {exc}") from exc
        except KafkaError as exc:
            raise SourceLost(f"Kafka refuses to deliver: {exc!r}") from exc
        newest: ConsumerRecord | None = None
        for place, records in batches.items():
            if place == self._epoch_at:
                for record in records:
                    self._compare(_epoch_of(record))
                continue
            for record in records:
                apply(
                    self._first + record.partition,
                    record.offset,
                    record.key,
                    record.value,
                )
            if newest is None or records[-1].timestamp > newest.timestamp:
                newest = records[-1]
        return newest

    def _compare(self, epoch: str | None) -> None:
        if epoch is not None and epoch != self.epoch:
            raise SourceLost(
                f"the market was made anew: its epoch is {epoch}, was {self.epoch}"
            )

    @staticmethod
    async def _has_reached(
        consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
    ) -> bool:
        for place, end in ends.items():
            if await consumer.position(place) < end:
                return False
        return True

    async def _within(self, asking: Any) -> dict[TopicPartition, int]:
        try:
            async with asyncio.timeout(self._lost_after_s):
                ends: dict[TopicPartition, int] = await asking
        except (KafkaError, TimeoutError) as exc:
            raise SourceLost(f"Kafka does not say where the log ends: {exc!r}") from exc
        return ends

    async def _watch(
        self, consumer: AIOKafkaConsumer, on_silence: Callable[[], None]
    ) -> None:
        # The consumer itself says nothing about a broker that is away: it only
        # delivers nothing, as it does when nothing happens.
        answered_at = time.monotonic()
        moved_at = dict.fromkeys(self._places, answered_at)
        positions = dict.fromkeys(self._places, -1)
        ends = dict.fromkeys(self._places, 0)
        while True:
            await asyncio.sleep(self._probe_s)
            for place in self._places:
                position = await consumer.position(place)
                if position != positions[place] or position >= ends[place]:
                    positions[place] = position
                    moved_at[place] = time.monotonic()
            try:
                async with asyncio.timeout(max(self._probe_s, 1.0)):
                    ends = await consumer.end_offsets(self._places)
            except (KafkaError, TimeoutError):
                if self.is_in_touch:
                    logger.warning("Kafka does not answer; waiting for it")
                self.is_in_touch = False
                on_silence()
            else:
                answered_at = time.monotonic()
                if not self.is_in_touch:
                    logger.info("Kafka answers again")
                self.is_in_touch = True
            silent_s = time.monotonic() - min(answered_at, *moved_at.values())
            if silent_s > self._lost_after_s:
                raise SourceLost(
                    f"Kafka was silent for {silent_s:.0f} s; a partition that has more "
                    "delivers nothing, or the broker does not answer"
                )


def _epoch_of(record: ConsumerRecord) -> str | None:
    if record.key != EPOCH_KEY:
        return None
    try:
        return _decode_epoch(record.value or b"").epoch
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"topic {record.topic} offset {record.offset} holds no epoch: {exc}"
        ) from exc
