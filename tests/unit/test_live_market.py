"""What the feed's rows say of a live round."""

from decimal import Decimal

import numpy as np
import pytest

from parfeed.economy.live_market import LiveMarket
from schemas.rows import Demand, MarketRow, Planning, PriceView, Supply
from schemas.values import Period

PRODUCTS = ("apples", "bread")


def a_row(
    product_id: str = "apples",
    *,
    round_: int = 1,
    announced: str | None = "700",
    planned: str | None = None,
    offset: int = -1,
    forecast: str | None = None,
    sums: tuple[str, str] = ("0", "0"),
) -> MarketRow:
    supply, demand = map(Decimal, sums)
    return MarketRow(
        product_id=product_id,
        period=Period("2026-W48"),
        positions={"bids": offset} if offset >= 0 else {},
        supply=Supply(planned=supply),
        demand=Demand(planned=demand),
        price=PriceView(
            announced=None if announced is None else Decimal(announced),
            planned=None if planned is None else Decimal(planned),
        ),
        planning=Planning(
            round=round_,
            forecast_percent=None if forecast is None else Decimal(forecast),
        ),
    )


def noted(*rows: MarketRow) -> LiveMarket:
    market = LiveMarket(PRODUCTS)
    market.note(rows)
    return market


def test_a_round_is_announced_product_by_product() -> None:
    market = noted(a_row())
    assert market.announced(1) == 1
    market.note([a_row("bread", round_=2)])
    assert (market.announced(1), market.announced(2)) == (2, 1)


def test_a_row_without_a_price_is_not_announced() -> None:
    assert noted(a_row(announced=None)).announced(1) == 0


def test_prices_and_sums_are_in_the_economys_order_and_units() -> None:
    market = noted(
        a_row("bread", announced="2.5", planned="3", sums=("1500", "0.5")),
        a_row(planned="4"),
    )
    assert market.prices().tolist() == [700, 2.5]
    assert market.planned_prices().tolist() == [4, 3]
    supply, demand = market.sums()
    np.testing.assert_allclose(supply, [0, 1.5])
    np.testing.assert_allclose(demand, [0, 0.0005])


def test_what_is_folded_is_known_by_the_rows_positions() -> None:
    market = noted(a_row(offset=7), a_row("bread"))
    assert market.folded([7, -1]) == 2
    assert market.folded([8, -1]) == 1
    assert market.folded([8, 0]) == 0


def test_all_is_planned_once_every_product_has_its_planned_price() -> None:
    market = noted(a_row(planned="3"))
    assert not market.is_planned
    market.note([a_row("bread", planned="3")])
    assert market.is_planned


def test_the_forecast_is_the_greatest_either_way() -> None:
    assert noted(a_row(), a_row("bread")).forecast_percent() is None
    market = noted(a_row(forecast="1.5"), a_row("bread", forecast="-2.5"))
    assert market.forecast_percent() == 2.5


def test_rows_of_other_products_are_passed_over() -> None:
    assert noted(a_row("cheese")).announced(1) == 0


def test_figures_of_products_without_a_row_are_nobodys_to_ask() -> None:
    with pytest.raises(AssertionError, match="without a row"):
        noted(a_row()).prices()
