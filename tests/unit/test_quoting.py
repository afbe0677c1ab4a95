"""Quotes: answered from the rows that the server has, of the period that counts."""

from decimal import Decimal
from typing import Any

import pytest
from support.by_the_letter import ledger_record, row_key
from support.fake_wire import Market, Wire

from schemas.codec import encode
from schemas.feed import Quote
from schemas.rows import MarketRow, PriceView
from schemas.trading_rows import CardRow, OfferRow
from schemas.values import Period, PositiveQuantity

WEEK, NEXT = Period("2011-W44"), Period("2011-W45")


def offer(company_id: str, price: str, period: Period = WEEK, **more: Any) -> OfferRow:
    u = Decimal(price)
    cost = u * Decimal("1.075")
    return OfferRow(
        product_id="rye",
        period=period,
        company_id=company_id,
        unplanned_price=u,
        planned_price=Decimal("10.00"),
        planned_cost=Decimal("10.25"),
        unplanned_cost=cost,
        loss=cost - Decimal("10.25"),
        **more,
    )


def priced(market: Market, period: Period, price: str | None, offset: int) -> None:
    row = MarketRow(
        product_id="rye",
        period=period,
        price=PriceView(planned=None if price is None else Decimal(price)),
    )
    market.channels.apply(0, offset, row_key("rye", period), encode(row))


@pytest.fixture
def market() -> Market:
    return Market(partitions=1, private_partitions=1)


def ask(market: Market, **asked: Any) -> dict[str, Any]:
    (told,) = Wire(market).say(Quote(id="q", product_id="rye", **asked))
    assert told["id"] == "q"
    return told


def test_a_quantity_costs_so_much_at_each_company_the_cheapest_first(
    market: Market,
) -> None:
    market.write(offer("dear", "12.00", rank=2))
    market.write(offer("cheap", "9.00", rank=1))
    told = ask(market, quantity=PositiveQuantity("3"))
    assert told["type"] == "quoted"
    assert (told["period"], told["quantity"]) == (WEEK, "3")
    assert Decimal(told["planned_cost"]) == Decimal("30.75")
    offers = [
        (each["company_id"], Decimal(each["cost"]), Decimal(each["loss"]))
        for each in told["offers"]
    ]
    assert offers == [
        ("cheap", Decimal("29.025"), Decimal("-1.725")),
        ("dear", Decimal("38.7"), Decimal("7.95")),
    ]
    assert (told["planned_left"], told["unplanned_left"]) == (None, None)


def test_the_newest_period_with_an_offer_or_a_planned_price_counts(
    market: Market,
) -> None:
    market.write(offer("mill", "9.00"))
    assert ask(market)["period"] == WEEK
    priced(market, NEXT, None, 1)
    assert ask(market)["period"] == WEEK
    priced(market, NEXT, "11.00", 2)
    told = ask(market)
    assert (told["period"], told["planned_price"], told["offers"]) == (
        NEXT,
        "11.00",
        [],
    )
    assert ask(market, period=WEEK)["offers"][0]["company_id"] == "mill"


def test_what_nobody_offers_and_nobody_priced_cannot_be_quoted(market: Market) -> None:
    assert ask(market)["code"] == "nothing_to_quote"
    priced(market, WEEK, None, 0)
    assert ask(market)["code"] == "nothing_to_quote"
    market.write(offer("mill", "9.00", NEXT))
    assert ask(market)["type"] == "quoted"
    refused = ask(market, period=WEEK)
    assert (refused["code"], refused["retry"]) == ("nothing_to_quote", True)


def test_a_party_is_told_what_is_left_on_its_own_cards(market: Market) -> None:
    market.write(offer("mill", "9.00"))
    for party, left in (("consumer/ada", "70.5"), ("consumer/bob", "1")):
        market.channels.apply(
            1,
            market.channels.view.cursor.offsets[1],
            *ledger_record(
                CardRow(
                    period=WEEK,
                    party=party,
                    planned_left=Decimal(left),
                    unplanned_left=Decimal(-2),
                )
            ),
        )
    told = ask(market, party="consumer/ada")
    assert (told["planned_left"], told["unplanned_left"]) == ("70.5", "-2")
    assert ask(market, party="consumer/eve")["planned_left"] is None
    assert ask(market)["planned_left"] is None
