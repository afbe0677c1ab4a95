"""People, bidders and onlookers of a period's planning, over a real Kafka."""

import asyncio
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from support.polling import eventually
from support.traffic import read_topic, topic_of

from schemas.agenda import AgendaEvent
from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import decode_event, encode
from schemas.events import Event
from schemas.planning import PlannedPriceAnnounced, PriceAnnounced
from schemas.rows import MarketRow
from schemas.settings import Settings
from schemas.topics import AGENDA, BOARD, MARKET, full_name
from schemas.values import from_wire
from streams.board.publisher import group_id

PERIOD = "2011-W44"
NOW = datetime(2011, 10, 20, tzinfo=UTC)

_numbers = itertools.count(1)


def said(kind: str, **fields: Any) -> Event:
    """An event of a kind, checked, with an id of its own unless it is given one."""
    always = {
        "type": kind,
        "event_id": f"{kind}-{next(_numbers)}",
        "occurred_at": NOW.isoformat(),
        "period": PERIOD,
    }
    given = {**always, **fields}
    if kind == "council":
        given.pop("period", None)
    return decode_event(msgspec.json.encode(given))


PRODUCTS = ("apples", "bread", "cheese")
CLEARS_AT = (20, 8, 14)


def listings(start_price: str = "10", but: tuple[str, ...] = ()) -> list[Event]:
    """The products, listed."""
    return [
        said("listing", product_id=product, start_price=start_price)
        for product in PRODUCTS
        if product not in but
    ]


def clearing_lines(consumers: tuple[str, ...] = ("ada", "bob")) -> list[Event]:
    """Scheduled lines; each product clears at a price of its own."""
    events = []
    for product, clears_at in zip(PRODUCTS, CLEARS_AT, strict=True):
        events.append(
            said(
                "bid",
                product_id=product,
                company_id=f"maker-of-{product}",
                quantity="100",
                schedule=[["1", "5"], ["40", "200"]],
            )
        )
        # What the maker makes at the price that clears, shared by the consumers.
        made = 5 + (clears_at - 1) * 195 / 39
        share = made / len(consumers)
        events += [
            said(
                "plan",
                product_id=product,
                consumer_id=consumer,
                quantity="50",
                schedule=[
                    ["0.5", f"{2 * share:.4f}"],
                    [str(clears_at), f"{share:.4f}"],
                    [str(clears_at * 4), "0"],
                ],
            )
            for consumer in consumers
        ]
    return events


class Answerers:
    """Bidders without schedules: they answer every round's prices by hand."""

    def answer(self, events: Iterable[Event], number: int) -> list[Event]:
        """What they say to a round's prices."""
        announced = announced_in(events)[number]
        answers = []
        for product, clears_at in zip(PRODUCTS, CLEARS_AT, strict=True):
            ratio = float(announced[product][0].announced_price) / clears_at
            answers += [
                said(
                    "bid",
                    product_id=product,
                    company_id=f"maker-of-{product}",
                    quantity=f"{100 * ratio:.4f}",
                    revision=number,
                    round=number,
                ),
                said(
                    "plan",
                    product_id=product,
                    consumer_id="ada",
                    quantity=f"{100 / ratio:.4f}",
                    revision=number,
                    round=number,
                ),
            ]
        return answers


class People:
    """Sends what people say where it belongs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker, enable_idempotence=True
        )

    async def __aenter__(self) -> "People":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def until_planned(self, within_s: float = 40) -> None:
        """Wait until every product has its planned price, and the last row says so."""

        async def planned() -> bool:
            found = planned_in(await read_board(self._settings))
            rows = await read_rounds(self._settings)
            # A transaction shows in one partition before it does in another.
            return len(found) == len(PRODUCTS) and rows[max(rows)].phase == "closed"

        await eventually(planned, within_s=within_s, every_s=0.2)

    async def agenda_is_taken(self) -> bool:
        """Tell whether the board has taken all of the agenda."""
        source = TopicPartition(full_name(self._settings.topic_prefix, AGENDA), 0)
        consumer = AIOKafkaConsumer(bootstrap_servers=self._settings.broker)
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.broker)
        await consumer.start()
        await admin.start()
        try:
            end = (await consumer.end_offsets([source]))[source]
            found = await admin.list_consumer_group_offsets(
                group_id(self._settings), partitions=[source]
            )
            return bool(found[source].offset >= end)
        finally:
            await admin.close()
            await consumer.stop()

    async def say(self, *events: Event) -> None:
        """Send events in their order, and wait until Kafka has them."""
        confirmed = [
            await self._producer.send(
                full_name(self._settings.topic_prefix, topic_of(event)),
                key=_key(event),
                value=encode(event),
            )
            for event in events
        ]
        await asyncio.gather(*confirmed)


def _key(event: Event) -> bytes:
    if isinstance(event, AgendaEvent):
        return b"agenda"
    return event.product_id.encode()


async def read_rounds(
    settings: Settings, *, committed: bool = True
) -> dict[int, RoundRow]:
    """The newest row of each round of the period."""
    rows: dict[int, RoundRow] = {}
    for record in await read_topic(settings, MARKET, committed=committed):
        if b'"round"' in record.key:
            row = _decode_round(record.value)
            if row.period == PERIOD:
                rows[row.round] = row
    return rows


async def read_council_rows(settings: Settings) -> list[CouncilRow]:
    """The newest row of each council and product in the period."""
    rows = {
        record.key: _decode_council(record.value)
        for record in await read_topic(settings, MARKET, committed=False)
        if b'"council"' in record.key
    }
    return [row for row in rows.values() if row.period == PERIOD]


async def read_products(settings: Settings) -> dict[str, MarketRow]:
    """The newest row of each product in the period."""
    rows: dict[str, MarketRow] = {}
    for record in await read_topic(settings, MARKET, committed=False):
        if record.key.count(b",") == 1:
            row = _decode_market(record.value)
            if row.period == PERIOD:
                rows[row.product_id] = row
    return rows


async def read_board(settings: Settings) -> list[Event]:
    """What the board has said, in no order between partitions."""
    return [decode_event(record.value) for record in await read_topic(settings, BOARD)]


def announced_in(events: Iterable[Event]) -> dict[int, dict[str, list[PriceAnnounced]]]:
    """Announced prices by round and product."""
    found: dict[int, dict[str, list[PriceAnnounced]]] = {}
    for event in events:
        if isinstance(event, PriceAnnounced) and event.period == PERIOD:
            by_product = found.setdefault(event.round, {})
            by_product.setdefault(event.product_id, []).append(event)
    return found


def planned_in(events: Iterable[Event]) -> dict[str, list[PlannedPriceAnnounced]]:
    """Planned prices by product."""
    found: dict[str, list[PlannedPriceAnnounced]] = {}
    for event in events:
        if isinstance(event, PlannedPriceAnnounced) and event.period == PERIOD:
            found.setdefault(event.product_id, []).append(event)
    return found


_decode_round = msgspec.json.Decoder(RoundRow, dec_hook=from_wire).decode
_decode_council = msgspec.json.Decoder(CouncilRow, dec_hook=from_wire).decode
_decode_market = msgspec.json.Decoder(MarketRow, dec_hook=from_wire).decode
