"""Reading a partition back, from a Kafka that stops in the middle."""

from typing import Any

import pytest
from support.stalling import BIDS, StallingKafka

from schemas.errors import IntegrityError
from streams.recovery import read_back


async def offsets_of(kafka: StallingKafka, end: int, **more: Any) -> list[int]:
    return [
        record.offset
        async for records in read_back(kafka, BIDS, 0, end, **more)
        for record in records
    ]


async def test_all_up_to_the_end_is_read_and_markers_are_passed() -> None:
    kafka = StallingKafka(end=7, batches=[[0, 1], [3, 4, 5]], skipped=1)
    assert await offsets_of(kafka, 7) == [0, 1, 3, 4, 5]


async def test_what_lies_behind_a_transaction_that_never_ends_is_said_to() -> None:
    kafka = StallingKafka(end=9, batches=[[0, 1, 2]])
    with pytest.raises(
        IntegrityError, match=r"bids \[2\] ends at 9.* after 3 .*kafka-transactions"
    ):
        await offsets_of(kafka, 9, patience_s=0.01)
