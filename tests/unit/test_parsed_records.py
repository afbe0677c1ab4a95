"""Records as they were parsed, for those who ask only."""

from collections.abc import Callable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord

from streams.parsed_records import as_parsed

PLACE = TopicPartition("purchases", 3)


def read(deserializer: Callable[[bytes | None], Any] | None) -> list[Any]:
    """What a consumer with this value deserializer is given of a fetch from 1 on."""
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    for offset in range(3):
        batch.append(offset, 1_000 + offset, b"key", b"value %d" % offset, [])
    records = MemoryRecords(bytes(batch.build()))
    made = fetcher.PartitionRecords(
        PLACE, records, [], 1, None, deserializer, True, fetcher.READ_COMMITTED
    )
    return list(made)


def test_a_consumer_that_asks_gets_the_parsers_records_from_its_position_on() -> None:
    records = read(as_parsed)
    assert not any(isinstance(record, ConsumerRecord) for record in records)
    assert [(r.offset, r.timestamp, r.key, r.value) for r in records] == [
        (1, 1_001, b"key", b"value 1"),
        (2, 1_002, b"key", b"value 2"),
    ]


def test_every_other_consumer_of_the_process_gets_what_it_always_gets() -> None:
    for deserializer in (None, bytes):
        records = read(deserializer)
        assert all(isinstance(record, ConsumerRecord) for record in records)
        assert [(r.partition, r.value) for r in records] == [
            (3, b"value 1"),
            (3, b"value 2"),
        ]
