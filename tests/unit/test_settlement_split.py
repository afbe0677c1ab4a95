"""The canonical split of a consumer's purchases into planned and unplanned units."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from schemas.events import PurchaseCancelled, PurchaseRecorded
from schemas.planning import PlannedPriceAnnounced
from schemas.values import Period, PositiveQuantity, Price, Quantity
from streams.market.settlement.prices import PlannedPrices
from streams.market.settlement.split import split_purchases, trade_of

MONDAY = datetime(2011, 10, 31, tzinfo=UTC)


def prices_of(*announced):
    """Planned prices: (revision, price, hours after the begin or None)."""
    prices = PlannedPrices()
    for revision, price, hours in announced:
        prices.take(
            PlannedPriceAnnounced(
                event_id=f"price-{revision}",
                product_id="tea",
                occurred_at=MONDAY,
                period=Period("2011-W44"),
                planned_price=Price(price),
                revision=revision,
                stands_from=None if hours is None else MONDAY + hours * HOUR,
            )
        )
    return prices


HOUR = timedelta(hours=1)
TEN = prices_of((1, "10", None))


def bought(name, quantity, planned="0", hour=0, kind=PurchaseRecorded):
    return trade_of(
        kind(
            event_id=name,
            product_id="tea",
            occurred_at=MONDAY + hour * HOUR,
            company_id="mill",
            consumer_id="ann",
            quantity=PositiveQuantity(quantity),
            unit_price=Price("11"),
            planned_quantity=Quantity(planned),
        )
    )


def given_back(name, quantity, planned="0", hour=0):
    return bought(name, quantity, planned, hour, kind=PurchaseCancelled)


def planned_units(trades, line, *, prices=TEN, authorised=None):
    splits = split_purchases(
        trades, line=Decimal(line), prices=prices, authorised=authorised or {}
    )
    assert all(s.planned + s.unplanned == s.trade.quantity for s in splits)
    return {split.trade.event_id: split.planned for split in splits}


def test_a_purchase_gets_what_it_claims_up_to_what_is_left_of_the_line():
    trades = [bought("a", "6", "6", 1), bought("b", "6", "6", 2), bought("c", "1", "1")]
    assert planned_units(trades, "10") == {"c": 1, "a": 6, "b": 3}


def test_units_that_are_not_claimed_are_unplanned_though_the_line_has_room():
    assert planned_units([bought("a", "6", "2")], "10") == {"a": 2}


def test_of_one_moment_the_event_id_decides_who_comes_first():
    trades = [bought("b", "5", "5"), bought("a", "5", "5")]
    assert planned_units(trades, "5") == {"a": 5, "b": 0}


def test_the_order_in_which_trades_come_does_not_show():
    trades = [
        bought("a", "4", "4", 1),
        given_back("b", "3", "3", 2),
        bought("c", "5", "5", 3),
        bought("d", "2", "2", 3),
    ]
    expected = planned_units(trades, "6")
    for order in permutations(trades):
        assert planned_units(order, "6") == expected


def test_units_given_back_may_be_bought_under_the_plan_again():
    trades = [
        bought("a", "5", "5", 1),
        given_back("b", "2", "2", 2),
        bought("c", "9", "9", 3),
    ]
    assert planned_units(trades, "5") == {"a": 5, "b": -2, "c": 2}


def test_no_more_planned_units_are_given_back_than_were_bought_before():
    trades = [
        given_back("a", "2", "2", 0),
        bought("b", "3", "1", 1),
        given_back("c", "3", "3", 2),
    ]
    assert planned_units(trades, "5") == {"a": 0, "b": 1, "c": -1}


def test_authorised_purchases_come_first_with_the_split_approved_for_them():
    trades = [bought("early", "4", "4", 1), bought("asked", "4", "0", 9)]
    units = planned_units(trades, "5", authorised={"asked": Decimal(3), "other": 1})
    assert units == {"asked": 3, "early": 2}


def test_an_approved_split_stands_though_the_line_became_shorter_since():
    trades = [bought("asked", "4", "4", 1), bought("late", "4", "4", 2)]
    units = planned_units(trades, "2", authorised={"asked": Decimal(4)})
    assert units == {"asked": 4, "late": 0}


def test_without_a_planned_price_nothing_is_planned():
    trades = [bought("a", "4", "4"), bought("asked", "4", "4")]
    units = planned_units(
        trades, "9", prices=prices_of(), authorised={"asked": Decimal(4)}
    )
    assert units == {"a": 0, "asked": 0}


def test_before_the_first_price_stands_nothing_is_planned():
    later = prices_of((1, "10", 5))
    trades = [bought("a", "4", "4", 4), bought("b", "4", "4", 5)]
    assert planned_units(trades, "9", prices=later) == {"a": 0, "b": 4}


@pytest.mark.parametrize(
    ("hour", "price"), [(0, "10"), (4, "10"), (5, "12"), (7, "12"), (8, "9")]
)
def test_a_price_stands_from_its_moment_until_a_later_revision_does(hour, price):
    announced = [(1, "10", None), (2, "12", 5), (3, "9", 8)]
    for order in permutations(announced):
        prices = prices_of(*order)
        assert prices.at(MONDAY + hour * HOUR) == Decimal(price)
        assert prices.newest() == 9
        assert prices.all() == (9, 12, 10)


def test_a_later_revision_that_stands_from_earlier_takes_the_place_of_the_other():
    prices = prices_of((1, "10", None), (2, "12", 8), (3, "9", 5))
    assert [prices.at(MONDAY + hour * HOUR) for hour in (4, 5, 8)] == [10, 9, 9]


def test_an_announcement_that_comes_twice_counts_once():
    assert prices_of((1, "10", None), (1, "10", None)).all() == (10,)
