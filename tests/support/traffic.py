"""
Events by the thousand, what they must add up to, and what Kafka holds in the end.

`Ledger` is an independent reading: fractions, no code of the fold.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.codec import decode_market_row, decode_rejected, encode
from schemas.events import Event, PurchaseRecorded
from schemas.rows import MarketRow, RejectedRecord
from schemas.settings import Settings
from schemas.topics import MARKET, REJECTED, TOPIC_OF_EVENT, Topic, full_name
from schemas.values import PositiveQuantity, Price, Quantity
from streams.partition import group_id

Key = tuple[str, str]
Totals = dict[Key, tuple[Fraction, Fraction, Fraction, Fraction, int]]


def purchases(count: int, seed: int = 1, products: int = 97) -> list[PurchaseRecorded]:
    """Purchases of three weeks, planned in part, each with an id of its own."""
    draw = random.Random(seed)
    start = datetime(2011, 10, 3, tzinfo=UTC)
    events = []
    for number in range(count):
        quantity = draw.randint(1, 500)
        events.append(
            PurchaseRecorded(
                event_id=f"{seed}-{number}",
                product_id=f"product-{draw.randrange(products)}",
                occurred_at=start + timedelta(seconds=draw.randrange(21 * 86_400)),
                company_id=f"company-{draw.randrange(9)}",
                quantity=PositiveQuantity(str(quantity)),
                unit_price=Price(f"{draw.randint(1, 99)}.{draw.randint(0, 99):02}"),
                planned_quantity=Quantity(str(draw.choice((0, 0, 1, quantity)))),
            )
        )
    return events


def totals_of(events: Iterable[PurchaseRecorded]) -> Totals:
    """Planned and unplanned quantity and value, and events, by product and week."""
    totals: Totals = {}
    for event in events:
        year, week, _ = event.occurred_at.isocalendar()
        key = (event.product_id, f"{year}-W{week:02}")
        planned = Fraction(str(event.planned_quantity))
        unplanned = Fraction(str(event.quantity)) - planned
        price = Fraction(str(event.unit_price))
        before = totals.get(key, (Fraction(),) * 4 + (0,))
        totals[key] = (
            before[0] + planned,
            before[1] + planned * price,
            before[2] + unplanned,
            before[3] + unplanned * price,
            before[4] + 1,
        )
    return totals


def totals_in(rows: Iterable[MarketRow]) -> Totals:
    """The same figures as rows have them."""
    return {
        (row.product_id, str(row.period)): (
            Fraction(row.demand.planned_purchases.quantity),
            Fraction(row.demand.planned_purchases.value),
            Fraction(row.demand.unplanned_purchases.quantity),
            Fraction(row.demand.unplanned_purchases.value),
            row.sequence,
        )
        for row in rows
    }


class Sender:
    """
    Sends events to their topics in the background, `pause_s` between chunks.

    The last tenth is held back until `release`, so that whatever a test does before
    that is done under way, on a fast machine too.
    """

    def __init__(
        self,
        settings: Settings,
        events: Sequence[Event],
        *,
        chunk: int = 500,
        pause_s: float = 0.02,
    ) -> None:
        self._settings = settings
        self._events = events
        self._chunk = chunk
        self._pause_s = pause_s
        self._released = asyncio.Event()
        self.sent = 0
        self.task = asyncio.create_task(self._run())

    async def release(self) -> None:
        """Send the rest, and wait until it is sent."""
        self._released.set()
        await self.task

    async def _run(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.broker,
            enable_idempotence=True,
            request_timeout_ms=60_000,
        )
        await producer.start()
        try:
            for begin in range(0, len(self._events), self._chunk):
                if begin >= len(self._events) * 9 // 10:
                    await self._released.wait()
                chunk = self._events[begin : begin + self._chunk]
                confirmed = [
                    await producer.send(
                        full_name(self._settings.topic_prefix, topic_of(event)),
                        key=event.product_id.encode(),
                        value=encode(event),
                    )
                    for event in chunk
                ]
                await asyncio.gather(*confirmed)
                self.sent += len(chunk)
                await asyncio.sleep(self._pause_s)
        finally:
            await producer.stop()


def topic_of(event: Event) -> Topic:
    """Return the topic that an event belongs on."""
    tag = event.__struct_config__.tag
    assert isinstance(tag, str)
    return TOPIC_OF_EVENT[tag]


async def read_topic(
    settings: Settings, topic: Topic, *, committed: bool = True
) -> list[Any]:
    """Return all records of a topic up to its end as of now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    await consumer.start()
    try:
        name = full_name(settings.topic_prefix, topic)
        sources = [TopicPartition(name, n) for n in range(settings.partitions)]
        consumer.assign(sources)
        ends = await consumer.end_offsets(sources)
        records = []
        await consumer.seek_to_beginning(*sources)
        behind = set(sources)
        while behind:
            for fetched in (await consumer.getmany(timeout_ms=100)).values():
                records += fetched
            behind = {tp for tp in behind if await consumer.position(tp) < ends[tp]}
        return records
    finally:
        await consumer.stop()


async def read_market(
    settings: Settings, *, committed: bool = True
) -> dict[Key, MarketRow]:
    """Return the newest row of every product and period."""
    rows = {}
    for record in await read_topic(settings, MARKET, committed=committed):
        if len(json.loads(record.key)) > 2:
            continue  # the board's
        row = decode_market_row(record.value)
        rows[row.product_id, str(row.period)] = row
    return rows


async def read_rejected(settings: Settings) -> list[RejectedRecord]:
    """Return what was refused."""
    return [
        decode_rejected(record.value) for record in await read_topic(settings, REJECTED)
    ]


async def folded_count(settings: Settings, *, committed: bool = True) -> int:
    """Return how many events the rows hold."""
    rows = await read_market(settings, committed=committed)
    return sum(row.sequence for row in rows.values())


async def refused_counts(settings: Settings) -> Counter[str]:
    """Return how many records were refused, by code."""
    return Counter(refused.code for refused in await read_rejected(settings))


async def members(settings: Settings) -> int:
    """Return how many workers share the partitions; 0 while a rebalance is on."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group_id(settings)])
    finally:
        await admin.close()
    [(_error, _group, state, _type, _protocol, members, *_)] = answer.groups
    return len(members) if state == "Stable" else 0
