"""Rows of the ledger written to Kafka by hand, as its process would."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from support.by_the_letter import ledger_record

from schemas.channels import CHANNEL_OF_ROW
from schemas.codec import decode_event, encode
from schemas.events import Event
from schemas.rows import Row
from schemas.settings import Settings
from schemas.topics import ACCOUNTS, DECISIONS, MARKET, REQUESTS, full_name
from schemas.trading_rows import DecisionRow


class LedgerWriter:
    """Writes the ledger's rows in transactions; an async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.topic_prefix
        self._partitions = list(range(settings.partitions))
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker,
            transactional_id=f"{settings.topic_prefix}.ledger",
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def write(self, *rows: Row) -> None:
        """Write rows where they belong, in one transaction."""
        async with self._producer.transaction():
            await self.send(rows)

    @asynccontextmanager
    async def step_in_vain(self) -> AsyncIterator[None]:
        """Open a transaction that is aborted in the end, as by a ledger that dies."""
        await self._producer.begin_transaction()
        try:
            yield
        finally:
            await self._producer.abort_transaction()

    async def send(self, rows: Iterable[Row]) -> None:
        """Write rows into the open transaction."""
        sent = []
        for row in rows:
            if isinstance(row, DecisionRow):
                topic, name = DECISIONS, str(row.consumer_id)
                key, value = name.encode(), encode(row)
            else:
                key, value = ledger_record(row)
                channel = CHANNEL_OF_ROW[json.loads(value)["type"]]
                topic = ACCOUNTS if channel.is_private else MARKET
                name = str(getattr(row, "party", row.product_id))  # type: ignore[attr-defined]
            sent.append(
                await self._producer.send(
                    full_name(self._prefix, topic),
                    key=key,
                    value=value,
                    partition=self._partition_of(name),
                )
            )
        await asyncio.gather(*sent)

    def _partition_of(self, name: str) -> int:
        choose = DefaultPartitioner()
        return int(choose(name.encode(), self._partitions, self._partitions))


class RequestReader:
    """Reads `requests` from the beginning; an async context manager and iterator."""

    def __init__(self, settings: Settings) -> None:
        name = full_name(settings.topic_prefix, REQUESTS)
        self._places = [TopicPartition(name, n) for n in range(settings.partitions)]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.broker,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._places)
        await self._consumer.seek_to_beginning(*self._places)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._consumer.stop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[int, int, Event]:
        """Return the next request with its partition and offset."""
        record = await self._consumer.getone()
        return record.partition, record.offset, decode_event(record.value)
