"""The console's own figures, by the words of docs/economics.md."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.console import MIDWEEK, MONDAY, WEEK, market_row

from parfeed.console.economics import (
    Taxes,
    bounds,
    cents,
    difference_percent,
    pace,
    share_gone,
)
from parfeed.console.glances import glance
from schemas.codec import encode
from schemas.errors import InvalidValue

EXAMPLE = Taxes(planned=Decimal("0.04"), unplanned=Decimal("0.20"))


@pytest.mark.parametrize(("unplanned", "loss"), [("8.00", "-1.40"), ("11.00", "1.90")])
def test_a_loss_is_that_of_the_worked_example(unplanned, loss):
    assert EXAMPLE.loss(Decimal(unplanned), Decimal(10)) == Decimal(loss)


prices = st.decimals(-1000, 1000, places=2)


@given(prices, prices)
def test_a_loss_is_what_unplanned_costs_beyond_planned(unplanned, planned):
    taxes = Taxes()
    beyond = taxes.unplanned_cost(unplanned) - taxes.planned_cost(planned)
    assert taxes.loss(unplanned, planned) == beyond


@given(st.decimals(0, 1000, places=2))
def test_half_of_the_tax_is_the_buyers_and_half_the_sellers(price):
    taxes = Taxes()
    assert taxes.planned_cost(price) - price == price - taxes.planned_income(price)


@pytest.mark.parametrize(
    ("period", "begin", "length"),
    [
        (WEEK, MONDAY, timedelta(weeks=1)),
        ("2011-10-31", MONDAY, timedelta(days=1)),
        ("2011-10-31T14", MONDAY + timedelta(hours=14), timedelta(hours=1)),
    ],
)
def test_a_period_is_a_week_a_day_or_an_hour(period, begin, length):
    assert bounds(period) == (begin, begin + length)


def test_what_is_no_period_has_no_bounds():
    with pytest.raises(InvalidValue):
        bounds("soon")


def test_a_period_is_over_from_0_to_1_and_no_further():
    assert share_gone(WEEK, None) == 0
    assert share_gone(WEEK, MONDAY - timedelta(days=9)) == 0
    assert share_gone(WEEK, MIDWEEK) == 0.5
    assert share_gone(WEEK, datetime(2012, 1, 1, tzinfo=UTC)) == 1


def test_half_of_the_plan_in_half_of_the_time_is_a_pace_of_1():
    row = glance(encode(market_row(demand=100, bought=30, unplanned=20)))
    assert pace(row, 0.5) == pytest.approx(1.0)
    assert pace(row, 0.25) == pytest.approx(2.0)


def test_there_is_no_pace_without_a_plan_or_at_the_very_beginning():
    assert pace(glance(encode(market_row(demand=0, bought=3))), 0.5) is None
    assert pace(glance(encode(market_row(bought=3))), 0.001) is None


def test_a_difference_is_in_percent_of_the_planned_price_whatever_its_sign():
    assert difference_percent(Decimal(12), Decimal(10)) == 20
    assert difference_percent(Decimal(-8), Decimal(-10)) == 20
    assert difference_percent(Decimal(1), Decimal(0)) is None


def test_money_is_rounded_to_even_cents():
    assert str(cents(Decimal("1.005"))) == "1.00"
    assert str(cents(Decimal("1.0151"))) == "1.02"
