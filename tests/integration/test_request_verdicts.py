"""Verdicts on requests through the feed: what the ledger decided, told at once."""

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from support.accounts import LedgerWriter, RequestReader
from support.feed import address, start_feed
from support.polling import SCALE
from support.processes import Processes

import parfeed
from schemas.feed import Outcome
from schemas.settings import Settings
from schemas.trading import BudgetSet, PurchaseRequested
from schemas.trading_rows import DecisionRow
from schemas.values import Period, PositiveQuantity, Quantity

pytestmark = pytest.mark.kafka


def of(event_id: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "occurred_at": datetime(2011, 10, 31, 12, tzinfo=UTC),
        "consumer_id": "ada",
    }


def request(number: int) -> PurchaseRequested:
    return PurchaseRequested(
        **of(f"request-{number}"),
        product_id="rye",
        company_id="mill",
        quantity=PositiveQuantity("7"),
    )


def budget() -> BudgetSet:
    return BudgetSet(
        **of("budget-1"), period=Period("2011-W44"), income=Quantity("120")
    )


async def decide_all(settings: Settings) -> None:
    """Answer requests as a ledger would: every second purchase is declined."""
    async with RequestReader(settings) as requests, LedgerWriter(settings) as ledger:
        async for partition, offset, event in requests:
            row = DecisionRow(
                event_id=event.event_id,
                partition=partition,
                offset=offset,
                consumer_id="ada",
            )
            fields = {name: getattr(row, name) for name in row.__struct_fields__}
            if isinstance(event, PurchaseRequested):
                number = int(event.event_id.rpartition("-")[2])
                fields |= (
                    {"code": "card_exceeded", "detail": "3.40 is left"}
                    if number % 2
                    else {
                        "planned_quantity": Decimal(6),
                        "unplanned_quantity": Decimal(1),
                        "unit_price": Decimal("2.95"),
                        "planned_price": Decimal("2.55"),
                        "cost": Decimal("18.85375"),
                    }
                )
            await ledger.write(DecisionRow(**fields))


async def test_what_the_ledger_decides_is_told_with_what_it_comes_to(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    deciding = asyncio.create_task(decide_all(settings))
    try:
        async with parfeed.connect(address(settings), timeout=10) as feed:
            approved, declined, taken = await asyncio.wait_for(
                feed.publish([request(0), request(1), budget()], verdict=True), 30
            )
    finally:
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)
    assert approved == Outcome(
        event_id="request-0",
        verdict="accepted",
        topic="requests",
        partition=approved.partition,
        offset=approved.offset,
        planned_quantity=Decimal(6),
        unplanned_quantity=Decimal(1),
        planned_price=Decimal("2.55"),
        unit_price=Decimal("2.95"),
        cost=Decimal("18.85375"),
    )
    assert (declined.verdict, declined.error, declined.detail) == (
        "refused",
        "card_exceeded",
        "3.40 is left",
    )
    assert (taken.verdict, taken.cost) == ("accepted", None)


async def test_a_till_does_not_wait_for_anything_but_the_ledger(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    deciding = asyncio.create_task(decide_all(settings))
    took: list[float] = []
    try:
        async with parfeed.connect(address(settings), timeout=10) as feed:
            for number in range(20):
                began = time.monotonic()
                await asyncio.wait_for(
                    feed.publish([request(number)], verdict=True), 10 * SCALE
                )
                took.append(time.monotonic() - began)
    finally:
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)
    # Through Kafka twice, a transaction among it; looking at offsets would take 200 ms.
    assert median(took) < 0.15 * SCALE, took
