"""A glance says what the row says; a trend says its window slice by slice."""

import pytest
from support.console import WEEK, bucket, market_row

from parfeed.console.glances import WINDOWS, glance, trend
from schemas.codec import encode
from schemas.rows import Amount, Demand, MarketRow, PriceView, Rolling, Window
from schemas.values import Period

HOUR = WINDOWS[0]


def test_a_glance_says_what_the_whole_row_says():
    row = market_row(least="9.50", bought=30, unplanned="2.5", hour=4)
    seen = glance(encode(row))
    for field in (
        "product_id",
        "period",
        "sequence",
        "occurred_at",
        "supply",
        "demand",
        "price",
        "imbalance",
        "planning",
    ):
        assert getattr(seen, field) == getattr(row, field), field
    assert seen.rolling.hour.quantity == row.rolling.hour.quantity
    assert seen.rolling.hour.value == row.rolling.hour.value


def test_what_was_given_back_does_not_count_as_bought():
    demand = Demand(
        planned_purchases=Amount(quantity=10),
        planned_cancellations=Amount(quantity=3),
        unplanned_purchases=Amount(quantity=5),
        unplanned_cancellations=Amount(quantity=1),
    )
    row = MarketRow(product_id="a", period=Period(WEEK), demand=demand)
    seen = glance(encode(row))
    assert (seen.planned_bought, seen.unplanned_bought, seen.bought) == (7, 4, 11)


@pytest.mark.parametrize(
    ("price", "planned_now", "standing"),
    [
        (PriceView(), False, None),
        (PriceView(announced=7), True, 7),
        (PriceView(indicative=8), True, None),
        (PriceView(planned=6, announced=7, indicative=8), False, 6),
    ],
)
def test_a_product_is_planned_until_a_price_stands(price, planned_now, standing):
    seen = glance(encode(market_row(price=price)))
    assert seen.is_planned_now is planned_now
    assert seen.standing_price == standing


def test_a_slice_lies_where_it_began_and_the_newest_is_last():
    rolling = Rolling(
        hour=Window(buckets=(bucket(50, 2, 20), bucket(5, 4, 36), bucket(0, 1, 8)))
    )
    shown = trend(encode(market_row(rolling=rolling)), HOUR)
    assert len(shown.quantities) == 12
    assert shown.quantities[-1] == 1
    assert shown.quantities[-2] == 4
    assert shown.quantities[1] == 2
    assert shown.prices[-1] == 8
    assert shown.prices[-2] == 9
    assert sum(shown.quantities) == 7
    assert shown.prices[5] is None


def test_a_slice_that_has_left_the_window_is_not_shown():
    rolling = Rolling(hour=Window(buckets=(bucket(61, 2, 20),)))
    assert not any(trend(encode(market_row(rolling=rolling)), HOUR).quantities)


def test_nothing_sold_and_no_time_are_an_empty_trend():
    for row in (market_row(), market_row(occurred_at=None)):
        shown = trend(encode(row), HOUR)
        assert not any(shown.quantities)
        assert set(shown.prices) == {None}


def test_slices_of_nothing_have_no_price():
    rolling = Rolling(hour=Window(buckets=(bucket(0, 0, 0),)))
    assert trend(encode(market_row(rolling=rolling)), HOUR).prices[-1] is None
