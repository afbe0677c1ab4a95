"""
Whether the workers have folded a source up to somewhere, and who asks has seen it.

Of bids the board's own reading says how far lines reach, and as a rule that answers it.
Bids that were refused make no lines, so the workers' committed offsets count as well;
and control records are no events, so in the end it is looked whether there is any.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.settings import Settings
from schemas.topics import BIDS, LINES, Topic, full_name
from streams.partition import group_id

LOOK_MS: Final = 100
"""How long is looked whether a record lies behind what was folded."""


class FoldProgress:
    """Asks Kafka how far a source goes. Make it with `open`, `close` it in the end."""

    def __init__(
        self,
        settings: Settings,
        topic: Topic,
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
    ) -> None:
        self._settings = settings
        self._consumer = consumer
        self._admin = admin
        name = full_name(settings.topic_prefix, topic)
        self._partitions = [TopicPartition(name, n) for n in range(settings.partitions)]

    @classmethod
    async def open(cls, settings: Settings, topic: Topic = BIDS) -> Self:
        """
        Connect.

        Args:
            settings: of the deployment.
            topic: the source that is asked about.
        """
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.broker,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=64 * 1024,
            fetch_max_wait_ms=20,
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
        await consumer.start()
        try:
            await admin.start()
        except BaseException:
            await consumer.stop()
            raise
        return cls(settings, topic, consumer, admin)

    async def close(self) -> None:
        """Disconnect."""
        try:
            await self._admin.close()
        finally:
            await self._consumer.stop()

    async def ends(self) -> dict[int, int]:
        """Return by partition where the source ends now."""
        ends = await self._consumer.end_offsets(self._partitions)
        return {tp.partition: end for tp, end in ends.items()}

    async def ends_at(self, moment: float) -> dict[int, int]:
        """Return by partition the first offset of a time or later."""
        ends = await self.ends()
        found = await self._consumer.offsets_for_times(
            dict.fromkeys(self._partitions, int(moment * 1000))
        )
        return {
            tp.partition: ends[tp.partition] if at is None else at.offset
            for tp, at in found.items()
        }

    async def is_folded(
        self,
        targets: Mapping[int, int],
        complete_to: Mapping[int, int],
        lines_read: Mapping[int, int],
    ) -> bool:
        """
        Tell whether everything before the targets is folded and seen.

        Args:
            targets: by partition, an offset of `bids`.
            complete_to: by partition, up to where the lines seen are complete.
            lines_read: by partition, the next offset of `lines`.
        """
        behind = {n for n, target in targets.items() if complete_to[n] < target}
        if not behind:
            return True
        if not await self.is_committed({n: targets[n] for n in behind}, complete_to):
            return False
        # What made lines has made them by now; whether they were seen is another
        # question.
        name = full_name(self._settings.topic_prefix, LINES)
        ends = await self._consumer.end_offsets(
            [TopicPartition(name, n) for n in behind]
        )
        return all(lines_read.get(tp.partition, 0) >= end for tp, end in ends.items())

    async def is_committed(
        self, targets: Mapping[int, int], known: Mapping[int, int]
    ) -> bool:
        """
        Tell whether the workers have folded everything before the targets for good.

        Args:
            targets: by partition, an offset of the source.
            known: by partition, up to where that is known otherwise.
        """
        committed = await self._committed(set(targets))
        for n, target in targets.items():
            folded = max(known.get(n, 0), committed.get(n, 0))
            if folded < target and await self._has_record(n, folded, target):
                return False
        return True

    async def until_committed(self, targets: Mapping[int, int]) -> None:
        """Wait until the workers have folded everything before the targets for good."""
        is_folded = False
        while not is_folded:
            is_folded = await self.is_committed(targets, {})
            await asyncio.sleep(0 if is_folded else LOOK_MS / 1000)

    # Private

    async def _committed(self, partitions: set[int]) -> dict[int, int]:
        try:
            found = await self._admin.list_consumer_group_offsets(
                group_id(self._settings),
                partitions=[self._partitions[n] for n in partitions],
            )
        except KafkaError as exc:
            # A group whose coordinator is just being found, or moves, has committed
            # nothing that is known: it is asked again soon.
            if not exc.retriable:
                raise
            return {}
        return {tp.partition: place.offset for tp, place in found.items()}

    async def _has_record(self, partition: int, begin: int, end: int) -> bool:
        source = self._partitions[partition]
        self._consumer.assign([source])
        self._consumer.seek(source, begin)
        fetched = await self._consumer.getmany(
            source, timeout_ms=LOOK_MS, max_records=1
        )
        records = [record for records in fetched.values() for record in records]
        if records:
            return bool(records[0].offset < end)
        return bool(await self._consumer.position(source) < end)
