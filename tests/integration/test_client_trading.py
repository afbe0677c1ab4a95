"""Our client and trading: typed rows of every channel, quotes, private rows."""

from decimal import Decimal

import pytest
from support.accounts import LedgerWriter
from support.feed import address, kill, start_feed
from support.feed_process import another
from support.polling import eventually
from support.processes import Processes

import parfeed
from parfeed.client.errors import InvalidRequest, QuoteRefused, SubscriptionRefused
from schemas.settings import Settings
from schemas.trading_rows import (
    AlertRow,
    CardRow,
    CostRow,
    FameRow,
    OfferRow,
    SettlementRow,
    StatementRow,
)
from schemas.values import Period

pytestmark = pytest.mark.kafka

WEEK = Period("2011-W44")
ADA = "consumer/ada"
OFFER = OfferRow(
    product_id="rye",
    period=WEEK,
    company_id="mill",
    unplanned_price=Decimal("11.00"),
    planned_price=Decimal("10.00"),
    planned_cost=Decimal("10.25"),
    unplanned_cost=Decimal("11.825"),
    loss=Decimal("1.575"),
)
CARD = CardRow(period=WEEK, party=ADA, sequence=3, unplanned_left=Decimal("7.5"))
STATEMENTS = [
    StatementRow(period=WEEK, party=ADA, account=f"{ADA}/planned", part=n, parts=2)
    for n in range(2)
]
COST = CostRow(
    period=WEEK,
    company_id="mill",
    of_product_id="rye",
    unit_cost=Decimal(12),
    planned_price=Decimal(10),
)
PUBLIC = [
    OFFER,
    AlertRow(product_id="rye", period=WEEK, kind="pace"),
    FameRow(product_id="rye", period=WEEK, company_id="mill"),
    SettlementRow(product_id="rye", period=WEEK),
]


async def test_rows_of_every_channel_come_typed_and_by_their_names(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with (
        LedgerWriter(settings) as ledger,
        parfeed.connect(address(settings), timeout=10) as feed,
    ):
        offers = feed.subscribe("offers", products=["rye"])
        alerts, fame = feed.subscribe("alerts"), feed.subscribe("fame")
        settlements = feed.subscribe("settlements")
        cards = feed.subscribe("consumer", party=ADA)
        statements = feed.subscribe("statements", party=ADA, period=WEEK)
        costs = feed.subscribe("costs", party="board")
        await ledger.write(*PUBLIC, CARD, *STATEMENTS, COST)
        await eventually(lambda: settlements.rows and costs.rows and statements.rows)
        assert dict(offers.rows) == {("rye", WEEK, "mill"): OFFER}
        assert list(alerts.rows) == [("rye", WEEK, "pace")]
        assert list(fame.rows) == [("rye", WEEK, "mill")]
        assert list(settlements.rows) == [("rye", WEEK)]
        assert dict(cards.rows) == {(WEEK, ADA): CARD}
        assert dict(statements.rows) == {
            (WEEK, f"{ADA}/planned", 0, part): STATEMENTS[part] for part in range(2)
        }
        assert list(costs.rows) == [(WEEK, "mill", "rye")]
        proved = feed.watermark
        await eventually(lambda: feed.watermark is not proved)
        assert (feed.gaps, feed.mismatches) == (0, 0)


async def test_a_quote_comes_at_once_and_survives_a_server_that_dies(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    async with (
        LedgerWriter(settings) as ledger,
        parfeed.connect(address(settings), timeout=30) as feed,
    ):
        with pytest.raises(QuoteRefused, match="nothing_to_quote"):
            await feed.quote("rye")
        rows = feed.subscribe("consumer", party=ADA)
        await ledger.write(OFFER, CARD)
        await eventually(lambda: rows.rows and True)
        quoted = await feed.quote("rye", quantity=Decimal("2.0"), party=ADA)
        assert (quoted.planned_cost, quoted.unplanned_left) == (
            Decimal("20.5"),
            Decimal("7.5"),
        )
        assert [each.cost for each in quoted.offers] == [Decimal("23.65")]
        with pytest.raises(InvalidRequest, match="quantity above 0"):
            await feed.quote("rye", quantity=0)
        with pytest.raises(InvalidRequest):
            await feed.quote("rye", period="soon")
        await kill(server)
        await start_feed(settings, processes)
        assert (await feed.quote("rye", quantity="3")).quantity == 3


async def test_private_rows_are_refused_where_the_operator_says_so(
    settings: Settings, processes: Processes
) -> None:
    closed = another(settings, private_channels="nobody")
    await start_feed(closed, processes)
    async with parfeed.connect(address(closed), timeout=10) as feed:
        with pytest.raises(SubscriptionRefused, match="not_yours"):
            await anext(feed.subscribe("consumer", party=ADA))
        with pytest.raises(SubscriptionRefused, match="party_needed"):
            await anext(feed.subscribe("statements"))  # type: ignore[call-overload]
        with pytest.raises(QuoteRefused, match="not_yours"):
            await feed.quote("rye", party=ADA)
