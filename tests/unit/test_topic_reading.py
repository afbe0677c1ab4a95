"""Reading a stretch of a partition, from a Kafka that stops in the middle."""

from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from support.stalling import BIDS, StallingKafka

from streams.board.topic_reading import Reading, ReadingProgress, stretch


async def offsets_of(
    kafka: StallingKafka, begin: int, end: int, **more: Any
) -> list[int]:
    return [
        record.offset
        async for records in stretch(kafka, BIDS, begin, end, **more)
        for record in records
    ]


async def test_what_lies_at_or_behind_the_end_is_left_out() -> None:
    kafka = StallingKafka(end=9, batches=[[0, 1, 2], [3, 4, 5, 6]])
    assert await offsets_of(kafka, 0, 5) == [0, 1, 2, 3, 4]


async def test_what_lies_beyond_the_partitions_end_is_not_waited_for() -> None:
    kafka = StallingKafka(end=3, batches=[[0, 1, 2]])
    assert await offsets_of(kafka, 0, 10**9) == [0, 1, 2]
    assert await offsets_of(kafka, 3, 10**9) == []


async def test_control_records_are_passed_though_they_never_come() -> None:
    kafka = StallingKafka(end=4, batches=[[0, 1]], skipped=2)
    assert await offsets_of(kafka, 0, 4) == [0, 1]


async def test_a_kafka_that_hands_out_nothing_more_is_not_waited_for_for_ever() -> None:
    kafka = StallingKafka(end=5, batches=[[0, 1]])
    with pytest.raises(KafkaTimeoutError, match=r"bids \[2\] ends at 5.* after 2 "):
        await offsets_of(kafka, 0, 5, patience_s=0.01)


async def test_all_that_is_passed_adds_up_to_the_total() -> None:
    told: list[Reading] = []
    progress = ReadingProgress(told.append)
    progress.begin("Folding", 7)
    kafka = StallingKafka(end=9, batches=[[2, 3], [5, 6, 7, 8]], skipped=1)
    await offsets_of(kafka, 2, 9, progress=progress)
    assert told == [
        Reading("Folding", 0, 7),
        Reading("Folding", 3, 7),
        Reading("Folding", 7, 7),
    ]
    progress.begin("Computing")
    assert told[-1] == Reading("Computing", 0, 0)
