"""Rows written to Kafka by hand, for the tests of what reads the feed."""

import asyncio
import os
import signal
from collections.abc import Iterable

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from support.polling import eventually
from support.processes import Processes
from support.traffic import read_market

from parfeed.process import ChildProcess
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import FeedRow
from schemas.codec import encode
from schemas.rows import MarketRow
from schemas.settings import Settings
from schemas.topics import MARKET, Topic, full_name
from schemas.trading_rows import OfferRow


def address(settings: Settings) -> str:
    """The feed server's address."""
    return f"ws://{settings.host}:{settings.port}/"


async def start_feed(settings: Settings, processes: Processes) -> ChildProcess:
    """Start a feed server and wait until it takes subscribers."""
    server = await processes.feed_server(settings)
    await eventually(lambda: processes.is_ready(settings), within_s=30)
    return server


async def kill(server: ChildProcess) -> None:
    """Kill -9, and wait until it is gone."""
    os.kill(server.pid, signal.SIGKILL)
    await eventually(lambda: server.exit_code is not None)


def row(product_id: str, sequence: int = 1, period: str = "2011-W44") -> MarketRow:
    """A row whose versions are told apart by `sequence`."""
    return MarketRow(product_id=product_id, period=period, sequence=sequence)


class RowWriter:
    """Writes rows where a worker would: the product decides the partition."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = AIOKafkaProducer(bootstrap_servers=settings.broker)

    async def __aenter__(self) -> "RowWriter":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def write(self, rows: Iterable[FeedRow]) -> None:
        """Write, and wait until Kafka has it."""
        confirmed = [
            await self._producer.send(
                full_name(self._settings.topic_prefix, MARKET),
                key=_key(each),
                value=encode(each),
                partition=sum(each.product_id.encode()) % self._settings.partitions,
            )
            for each in rows
        ]
        await asyncio.gather(*confirmed)


def _key(row: FeedRow) -> bytes:
    named = [row.product_id, str(row.period)]
    match row:
        case RoundRow():
            return msgspec.json.encode([*named, "round", row.round])
        case CouncilRow():
            return msgspec.json.encode([*named, "council", row.council_id])
        case OfferRow():
            return msgspec.json.encode([*named, "offer", row.company_id])
        case MarketRow():
            return msgspec.json.encode(named)


async def rows_in_kafka(settings: Settings) -> dict[tuple[str, str], MarketRow]:
    """What every subscriber of everything must end with."""
    return await read_market(settings, committed=False)


async def value_at(
    settings: Settings, topic: Topic, partition: int, offset: int
) -> bytes:
    """What lies at a place in Kafka."""
    place = TopicPartition(full_name(settings.topic_prefix, topic), partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker, enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, offset)
        record = await asyncio.wait_for(consumer.getone(place), 10)
    finally:
        await consumer.stop()
    assert record.offset == offset
    value: bytes = record.value
    return value
