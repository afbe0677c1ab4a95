"""
Reading back what the ledger was at, after every earlier one has been fenced.

What was decided lies in `decisions` and is not decided again; everything else is taken
again up to where it was taken when it was committed last. What counts is a set, so that
nothing depends on the order in which topics are read back.
"""

import logging
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.codec import decode_events
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import (
    BOARD,
    DECISIONS,
    LINES,
    PRODUCTION,
    PURCHASES,
    REQUESTS,
    full_name,
)
from schemas.trading_rows import DecisionRow, SettledRow
from streams.board.topic_reading import reading, stretch
from streams.ledger.desk import Desk
from streams.ledger.fact_index import FactIndex, Place
from streams.ledger.facts import Facts
from streams.ledger.publisher import group_id
from streams.ledger.reader import READ
from streams.market.periods import Calendar
from streams.market.trading.state import TradingState

log = logging.getLogger(__name__)

_ORDER: Final = (REQUESTS, BOARD, LINES, PRODUCTION, PURCHASES)
# Requests first: budgets and terms are known when the rest comes, which saves work.


class Recovered(NamedTuple):
    """
    Attributes:
        facts_at: where the facts of each period lie.
        taken: by place, the next offset of each source.
    """

    state: TradingState
    facts_at: FactIndex
    desk: Desk
    facts: Facts
    taken: dict[Place, int]


async def recover(settings: Settings) -> Recovered:
    """
    Read back what an earlier ledger left.

    Raises:
        IntegrityError: if it cannot be read.
        KafkaError: if Kafka cannot be reached.
    """
    taken = await _committed(settings)
    state, index = TradingState(Calendar(settings.period)), FactIndex()
    desk = Desk(settings, state, index)
    facts = Facts(settings, state, index, desk.settled)
    async with reading(settings) as consumer:
        decided = await _read_decisions(settings, consumer, desk)
        for topic in _ORDER:
            for partition in range(settings.partitions):
                end = taken.get((topic.name, partition), 0)
                source = TopicPartition(
                    full_name(settings.topic_prefix, topic), partition
                )
                async for records in stretch(consumer, source, 0, end):
                    if topic is REQUESTS:
                        _restore(desk, partition, records, decided)
                    else:
                        facts.take(topic, partition, records)
    # It was published with the offsets up to which it was read now.
    state.changed_rows()
    log.info(
        "recovered: %d requests decided, %d periods settled",
        len(decided),
        len(desk.settled),
    )
    return Recovered(state, index, desk, facts, taken)


def _restore(
    desk: Desk,
    partition: int,
    records: list[Any],
    decided: dict[tuple[int, int], DecisionRow],
) -> None:
    events = decode_events([record.value for record in records])
    for record, event in zip(records, events, strict=True):
        decision = decided.get((partition, record.offset))
        if decision is None:
            raise IntegrityError(
                f"{REQUESTS.name} [{partition}] {record.offset} was taken, and "
                f"{DECISIONS.name} does not say what was decided on it"
            )
        desk.restore(partition, record, event, decision)


async def _read_decisions(
    settings: Settings, consumer: AIOKafkaConsumer, desk: Desk
) -> dict[tuple[int, int], DecisionRow]:
    decided = {}
    settled = []
    name = full_name(settings.topic_prefix, DECISIONS)
    for partition in range(settings.partitions):
        source = TopicPartition(name, partition)
        end = (await consumer.end_offsets([source]))[source]
        async for records in stretch(consumer, source, 0, end):
            for record in records:
                row = _decoded(record)
                if isinstance(row, DecisionRow):
                    decided[row.partition, row.offset] = row
                else:
                    settled.append(row)
    for row in sorted(settled, key=lambda row: (row.period, row.revision)):
        desk.settle(row)
    return decided


def _decoded(record: Any) -> DecisionRow | SettledRow:
    try:
        row: DecisionRow | SettledRow = _decode_decision(record.value)
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"{DECISIONS.name} {record.offset} is no decision of a ledger: {exc}; "
            "nobody else may write there"
        ) from exc
    return row


async def _committed(settings: Settings) -> dict[Place, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group_id(settings))
    finally:
        await admin.close()
    names = {full_name(settings.topic_prefix, topic): topic.name for topic in READ}
    return {
        (names[place.topic], place.partition): at.offset for place, at in found.items()
    }


_decode_decision = msgspec.json.Decoder(DecisionRow | SettledRow).decode
