"""Offers, pace and rebids while a period trades, over real processes and the feed."""

from decimal import Decimal

import pytest
from support.feed_process import ready
from support.polling import eventually
from support.processes import Processes
from support.trading import PERIOD, Market, at, said

import parfeed
from schemas.rows import MarketRow
from schemas.settings import Settings
from schemas.trading_rows import AlertRow, FameRow, OfferRow

pytestmark = pytest.mark.kafka


async def test_purchases_that_outrun_the_plan_lead_to_a_new_planned_price(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    await ready(processes, settings)
    url = f"ws://{settings.host}:{settings.port}/"
    async with Market(settings) as market, parfeed.connect(url) as feed:
        alerts = feed.subscribe("alerts")
        rows = feed.subscribe("market")
        offers = feed.subscribe("offers")
        await market.say(
            said("terms", event_id="terms", rebid_percent="10", pace_percent="150")
        )
        await market.until_decided("terms")
        await market.say(
            said("bid", company_id="north", quantity="100"),
            said("plan", consumer_id="ann", quantity="100"),
            said("planned_price", planned_price="10.00"),
            said("price", unplanned_price="12.00", occurred_at=at(1)),
            said(
                "price",
                company_id="south",
                unplanned_price="9.00",
                occurred_at=at(2),
            ),
            # Half of the plan within a day of seven.
            said(
                "purchase",
                event_id="early",
                consumer_id="bob",
                quantity="50",
                unit_price="12.00",
                occurred_at=at(24),
            ),
        )

        async def is_outrun() -> AlertRow | None:
            found = alerts.rows.get(("lamp", PERIOD, "pace"))
            return found if found is not None and found.is_raised else None

        async def is_offered() -> list[OfferRow] | None:
            found = sorted(
                (row for row in offers.rows.values() if row.loss is not None),
                key=lambda row: row.rank,
            )
            return found if len(found) == 2 else None

        async def planned_at(price: str) -> bool:
            row = rows.rows.get(("lamp", PERIOD))
            return isinstance(row, MarketRow) and row.price.planned == Decimal(price)

        alert = await eventually(is_outrun, within_s=30)
        cheap, dear = await eventually(is_offered, within_s=30)
        await market.say(
            said(
                "rebid_request",
                event_id="unknown-company",
                company_id="east",
                reason="we too",
            ),
            said(
                "rebid_request",
                event_id="ask",
                company_id="north",
                reason="sold out on Tuesday",
            ),
        )
        decided = await market.until_decided("ask", "unknown-company")
        await eventually(lambda: planned_at("11.00"), within_s=30)
        repriced = await eventually(is_offered, within_s=30)
    # 50 of 100 in a seventh of the week.
    assert alert.value == 350
    assert (cheap.company_id, cheap.rank, cheap.sellers) == ("south", 1, 2)
    # u (1 + b/2) - p (1 + a/2): 9 * 1.075 - 10.25, and 12 * 1.075 - 10.25.
    assert (cheap.loss, dear.loss) == (Decimal("-0.575"), Decimal("2.65"))
    assert decided["unknown-company"].code == "unknown_offer"
    assert decided["ask"].code is None
    assert repriced[0].company_id == "south"


async def test_what_was_made_beyond_the_bid_and_not_sold_earns_fame(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    await ready(processes, settings)
    url = f"ws://{settings.host}:{settings.port}/"
    async with Market(settings) as market, parfeed.connect(url) as feed:
        fame = feed.subscribe("fame")
        await market.say(
            said("bid", company_id="north", quantity="10"),
            said("planned_price", planned_price="1.00"),
            said("production", quantity="25"),
        )

        async def is_famous() -> FameRow | None:
            found = fame.rows.get(("lamp", PERIOD, "north"))
            return found if found is not None and found.bid else None

        row = await eventually(is_famous, within_s=30)
    assert (row.bid, row.produced, row.overproduced, row.rank) == (10, 25, 15, 1)
