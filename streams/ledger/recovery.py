"""
Reading back what the ledger was at, after every earlier one has been fenced.

What was decided lies in `decisions` and is not decided again; everything else is taken
again up to where it was taken when it was committed last. What counts is a set, so that
nothing depends on the order in which topics are read back.
"""

import logging
from typing import Any, Final, NamedTuple, get_args

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.codec import decode_events
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import (
    ACCOUNTS,
    BOARD,
    DECISIONS,
    LINES,
    MARKET,
    PRODUCTION,
    PURCHASES,
    REQUESTS,
    full_name,
)
from schemas.trading_rows import DecisionRow, SettledRow
from schemas.values import Period, from_wire
from streams.board.topic_reading import reading, stretch
from streams.ledger.desk import Desk
from streams.ledger.fact_index import FactIndex, Place
from streams.ledger.facts import Facts
from streams.ledger.publisher import group_id
from streams.ledger.reader import READ
from streams.market.periods import Calendar
from streams.market.trading.state import TradingState
from streams.market.trading.versions import LiveRow

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
        for period in desk.settled:
            state.forget(Period(period))
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
        await _put_rows(settings, consumer, state)
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


async def _put_rows(
    settings: Settings, consumer: AIOKafkaConsumer, state: TradingState
) -> None:
    # What was published with the offsets up to which all was read: it is not written
    # again, and its versions are counted on.
    for topic in (MARKET, ACCOUNTS):
        name = full_name(settings.topic_prefix, topic)
        newest: dict[bytes, bytes] = {}
        for partition in range(settings.partitions):
            source = TopicPartition(name, partition)
            end = (await consumer.end_offsets([source]))[source]
            async for records in stretch(consumer, source, 0, end):
                for record in records:
                    if any(mark in record.key for mark in _LIVE):
                        newest[record.key] = record.value
        for value in newest.values():
            state.put_row(_decode_row(value))


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


_LIVE: Final = tuple(
    f'"{kind.__struct_config__.tag}"'.encode() for kind in get_args(LiveRow)
)
# By which the key of a live row is told, or seems to be: what it holds says for sure.
_decode_row = msgspec.json.Decoder(LiveRow, dec_hook=from_wire).decode
_decode_decision = msgspec.json.Decoder(
    DecisionRow | SettledRow, dec_hook=from_wire
).decode
