"""A partition that is handed out batch by batch, and then stops for ever."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

BIDS = TopicPartition("bids", 2)


class StallingKafka:
    """
    What stands for aiokafka's consumer of `BIDS`.

    Args:
        end: of the partition, as Kafka says it.
        batches: offsets of records; the position goes to behind each batch.
        skipped: control records behind every batch: never delivered, but passed.
    """

    def __init__(self, end: int, batches: list[list[int]], skipped: int = 0) -> None:
        self._end = end
        self._batches = list(batches)
        self._skipped = skipped
        self._position = 0

    async def end_offsets(self, sources: list[TopicPartition]) -> dict[Any, int]:
        return dict.fromkeys(sources, self._end)

    def assign(self, sources: list[TopicPartition]) -> None:
        assert sources == [BIDS]

    def seek(self, source: TopicPartition, offset: int) -> None:
        self._position = offset

    async def position(self, source: TopicPartition) -> int:
        return self._position

    async def getmany(
        self, source: TopicPartition, timeout_ms: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        if not self._batches:
            return {}
        offsets = self._batches.pop(0)
        self._position = offsets[-1] + 1 + self._skipped
        return {source: [record(offset) for offset in offsets]}


def record(offset: int) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        BIDS.topic, BIDS.partition, offset, 0, 0, None, b"", None, 0, 0, ()
    )
