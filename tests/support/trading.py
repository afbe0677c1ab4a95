"""A period's trade over a real Kafka: what is said, and what the ledger answers."""

import asyncio
import itertools
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from support.polling import eventually
from support.traffic import read_topic

from feed_server.routing import route
from schemas.codec import decode_event, encode
from schemas.events import Event
from schemas.settings import Settings
from schemas.topics import (
    ACCOUNTS,
    DECISIONS,
    MARKET,
    POSTINGS,
    PURCHASES,
    Topic,
    full_name,
)
from schemas.trading_rows import (
    CardRow,
    DecisionRow,
    OfferRow,
    Posting,
    SettledRow,
    SettlementRow,
    StatementRow,
)
from schemas.values import from_wire

PERIOD = "2011-W44"
MONDAY = datetime(2011, 10, 31, tzinfo=UTC)

_numbers = itertools.count(1)
_DEFAULTS: dict[str, dict[str, Any]] = {
    "purchase": {"product_id": "lamp", "company_id": "north"},
    "cancellation": {"product_id": "lamp", "company_id": "north"},
    "production": {"product_id": "lamp", "company_id": "north"},
    "price": {"product_id": "lamp", "company_id": "north"},
    "planned_price": {"product_id": "lamp", "period": PERIOD},
    "bid": {"product_id": "lamp", "period": PERIOD},
    "plan": {"product_id": "lamp", "period": PERIOD},
    "request": {"product_id": "lamp", "company_id": "north"},
    "rebid_request": {"product_id": "lamp", "period": PERIOD},
    "rebid_answer": {"product_id": "lamp", "period": PERIOD},
}


def at(hours: float) -> str:
    """A moment so many hours into the period."""
    return (MONDAY + timedelta(hours=hours)).isoformat()


def said(kind: str, **fields: Any) -> Event:
    """An event of a kind, with an id of its own unless it is given one."""
    always = {
        "type": kind,
        "event_id": f"{kind}-{next(_numbers)}",
        "occurred_at": at(12),
    }
    known = _DEFAULTS.get(kind, {"period": PERIOD})
    return decode_event(msgspec.json.encode({**always, **known, **fields}))


WORKED_TERMS: dict[str, Any] = {
    "planned_tax": "0.04",
    "unplanned_tax": "0.2",
    "pass_through": "0.5",
}


def worked_example() -> list[Event]:
    """The worked example of docs/economics.md, as events; the close is not in it."""
    return [
        said("terms", event_id="terms", **WORKED_TERMS),
        said("budget", consumer_id="ann", income="5000", council_id="elm"),
        said("budget", consumer_id="xavier", income="5000", council_id="elm"),
        said("budget", consumer_id="yvonne", income="5000", council_id="oak"),
        said("bid", company_id="maker", quantity="100"),
        said("plan", consumer_id="ann", quantity="100", council_id="elm"),
        said("planned_price", planned_price="10.00"),
        said("price", company_id="X", unplanned_price="8.00", occurred_at=at(1)),
        said("price", company_id="Y", unplanned_price="11.00", occurred_at=at(1)),
        said(
            "purchase",
            company_id="maker",
            consumer_id="ann",
            quantity="100",
            planned_quantity="100",
            unit_price="10.00",
        ),
        said(
            "purchase",
            company_id="X",
            consumer_id="xavier",
            quantity="20",
            unit_price="8.00",
        ),
        said(
            "purchase",
            company_id="Y",
            consumer_id="yvonne",
            quantity="10",
            unit_price="11.00",
        ),
    ]


WORKED_BALANCES = {
    "consumer/ann/planned": "-1009.92",
    "company/maker": "980.00",
    "company/X": "169.00",
    "company/Y": "89.00",
    "board/tax": "55.30",
}
"""What the worked example comes to; the rest is consumers' and councils'."""


def drawn_trade(seed: int, purchases: int = 400) -> list[Event]:
    """A week of trade drawn at random: lines, budgets, prices, purchases, returns."""
    draw = random.Random(seed)
    products = [f"good-{number}" for number in range(12)]
    companies = [f"firm-{number}" for number in range(4)]
    people = [f"person-{number}" for number in range(30)]

    def name(kind: str, number: int) -> str:
        return f"{kind}-{seed}-{number}"

    events: list[Event] = []
    for number, product in enumerate(products):
        events.append(
            said(
                "planned_price",
                event_id=name("planned", number),
                product_id=product,
                planned_price=f"{draw.randint(1, 40)}.{draw.randint(0, 99):02}",
            )
        )
        events += [
            said(
                "bid",
                event_id=name(f"bid-{company}", number),
                product_id=product,
                company_id=company,
                quantity=str(draw.randint(0, 60)),
            )
            for company in companies
        ]
    for number, person in enumerate(people):
        events.append(
            said(
                "budget",
                event_id=name("budget", number),
                consumer_id=person,
                income=str(draw.randint(50, 2_000)),
                council_id=f"street-{number % 3}",
            )
        )
        events += [
            said(
                "plan",
                event_id=name(f"plan-{product}", number),
                product_id=product,
                consumer_id=person,
                quantity=str(draw.randint(1, 30)),
            )
            for product in draw.sample(products, 4)
        ]
    for number in range(purchases):
        quantity = draw.randint(1, 12)
        fields = {
            "event_id": name("trade", number),
            "product_id": draw.choice(products),
            "company_id": draw.choice(companies),
            "consumer_id": draw.choice([*people, None]),
            "quantity": str(quantity),
            "unit_price": f"{draw.randint(1, 60)}.{draw.randint(0, 99):02}",
            "planned_quantity": str(draw.choice((0, quantity))),
            "occurred_at": at(draw.uniform(0, 160)),
        }
        kind = "purchase" if draw.random() < 0.93 else "cancellation"
        events.append(said(kind, **fields))
    return events


class Market:
    """Says things in a deployment, and reads what came of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker, enable_idempotence=True
        )

    async def __aenter__(self) -> "Market":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def say(self, *events: Event) -> None:
        """Send events where the feed sends them, and wait until Kafka has them."""
        confirmed = []
        for event in events:
            topic, key = route(event)
            confirmed.append(
                await self._producer.send(
                    full_name(self._settings.topic_prefix, topic),
                    key=key,
                    value=encode(event),
                )
            )
        await asyncio.gather(*confirmed)

    async def trade_worked_example(self) -> None:
        """Say the worked example: the terms of trade, then what happens on them."""
        terms, *trade = worked_example()
        await self.say(terms)
        await self.until_decided(terms.event_id)
        await self.say(*trade)

    async def decisions(self) -> dict[str, DecisionRow]:
        """What was decided, by event_id."""
        return {
            str(row.event_id): row
            for row in await self._rows(DECISIONS)
            if isinstance(row, DecisionRow)
        }

    async def all_decisions(self) -> list[DecisionRow]:
        """Everything that was decided, repetitions included."""
        rows = await self._rows(DECISIONS)
        return [row for row in rows if isinstance(row, DecisionRow)]

    async def purchased(self) -> list[str]:
        """The event_ids of all purchases, as they lie in Kafka."""
        return [
            decode_event(record.value).event_id
            for record in await read_topic(self._settings, PURCHASES)
        ]

    async def offers(self) -> dict[str, Decimal]:
        """What companies ask for a unit unplanned."""
        rows = [
            _decode_row(record.value)
            for record in await read_topic(self._settings, MARKET)
            if b'"offer"' in record.key
        ]
        return {row.company_id: row.unplanned_price for row in rows}

    async def until_decided(self, *event_ids: str) -> dict[str, DecisionRow]:
        """Wait until all of these are decided."""

        async def decided() -> dict[str, DecisionRow] | None:
            found = await self.decisions()
            missing = [one for one in event_ids if one not in found]
            assert not missing, f"not decided: {missing[:5]} of {len(missing)}"
            return found

        found = await eventually(decided, within_s=60, every_s=0.1)
        assert found is not None
        return found

    async def settled(self) -> list[SettledRow]:
        """The settlements that were made, in the order of their revisions."""
        rows = [
            row for row in await self._rows(DECISIONS) if isinstance(row, SettledRow)
        ]
        return sorted(rows, key=lambda row: (row.period, row.revision))

    async def until_settled(self, revision: int = 0) -> SettledRow:
        """Wait until the period is settled, or corrected so many times."""

        async def settled() -> SettledRow:
            found = [row for row in await self.settled() if row.revision == revision]
            assert found, f"revision {revision} of {PERIOD} is not settled"
            assert len(found) == 1, (
                f"revision {revision} was settled {len(found)} times"
            )
            return found[0]

        return await eventually(settled, within_s=60, every_s=0.2)

    async def postings(self) -> list[Posting]:
        """All postings, in their order."""
        rows = [row for row in await self._rows(POSTINGS) if isinstance(row, Posting)]
        return sorted(rows, key=lambda row: (row.revision, row.number))

    async def balances(self) -> dict[str, Decimal]:
        """All accounts, as the postings make them."""
        return balances_of(await self.postings())

    async def statements(self) -> dict[bytes, bytes]:
        """Every statement as it lies there, byte for byte, by its key."""
        return {
            record.key: record.value
            for record in await read_topic(self._settings, ACCOUNTS)
            if b'"statement"' in record.key
        }

    async def statement_rows(self) -> list[StatementRow]:
        """Every statement."""
        return [_decode_row(value) for value in (await self.statements()).values()]

    async def cards(self) -> dict[str, CardRow]:
        """The newest row of each consumer's cards, by party."""
        rows = [
            _decode_row(record.value)
            for record in await read_topic(self._settings, ACCOUNTS)
            if b'"card"' in record.key
        ]
        return {row.party: row for row in rows}

    async def settlements(self) -> dict[str, SettlementRow]:
        """How each product was settled last."""
        rows = [
            _decode_row(record.value)
            for record in await read_topic(self._settings, MARKET)
            if b'"settlement"' in record.key
        ]
        return {row.product_id: row for row in rows}

    # Private

    async def _rows(self, topic: Topic) -> list[Any]:
        return [
            _decode_row(record.value)
            for record in await read_topic(self._settings, topic)
        ]


def balances_of(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """Add postings up by account."""
    balances: dict[str, Decimal] = {}
    for posting in postings:
        for entry in posting.entries:
            balances[entry.account] = (
                balances.get(entry.account, Decimal(0)) + entry.amount
            )
    return balances


_decode_row = msgspec.json.Decoder(
    CardRow
    | DecisionRow
    | OfferRow
    | Posting
    | SettledRow
    | SettlementRow
    | StatementRow,
    dec_hook=from_wire,
).decode
