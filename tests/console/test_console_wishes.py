"""What is typed becomes the event that it says, or is refused with the cure."""

from datetime import timedelta

import pytest
from support.console import MIDWEEK, MONDAY, WEEK

from parfeed.console.errors import Unfit
from parfeed.console.wishes import (
    amount_of,
    bid_event,
    price_event,
    price_time,
    read_price,
    read_quantity,
)
from parfeed.planning.said import Said
from schemas.codec import decode_event, encode
from schemas.events import UnplannedPricePosted
from schemas.planning import BidPlaced
from schemas.values import Price, Quantity

SAID = Said(at=MIDWEEK, new_id=lambda: "id-1")


def test_a_typed_price_becomes_the_companys_price():
    event = price_event(SAID, "bakery", "bread", read_price(" 8.50 "))
    assert event == UnplannedPricePosted(
        event_id="id-1",
        product_id="bread",
        occurred_at=MIDWEEK,
        company_id="bakery",
        unplanned_price=Price("8.50"),
    )
    assert decode_event(encode(event)) == event


def test_a_typed_quantity_becomes_the_companys_bid_for_the_round_that_runs():
    event = bid_event(SAID, "bakery", "bread", WEEK, read_quantity("120"), 3)
    assert isinstance(event, BidPlaced)
    assert (event.company_id, event.product_id) == ("bakery", "bread")
    assert (event.period, event.round) == (WEEK, 3)
    assert event.quantity == Quantity("120")
    assert event.revision == SAID.revision
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize("text", ["", "much", "1,5", "1e3", "NaN", "8.5.0"])
def test_what_is_no_number_is_refused(text):
    for read in (read_price, read_quantity):
        with pytest.raises(Unfit):
            read(text)
        assert amount_of(text, read) is None


def test_a_bid_is_never_below_zero_though_a_price_may_be():
    assert amount_of("-3", read_price) == Price("-3")
    assert amount_of("-3", read_quantity) is None


def test_a_price_counts_now_in_the_period_that_trades_now():
    assert price_time(WEEK, MIDWEEK, None) == MIDWEEK


def test_a_price_in_a_replayed_market_counts_at_the_markets_time():
    years_later = MIDWEEK.replace(year=2026)
    assert price_time(WEEK, years_later, MIDWEEK) == MIDWEEK


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (MONDAY - timedelta(days=1), "has not begun"),
        (MONDAY + timedelta(days=8), "does not trade"),
    ],
)
def test_a_price_for_another_period_is_refused_with_the_cure(now, words):
    with pytest.raises(Unfit, match=words) as refused:
        price_time(WEEK, now, None)
    assert "press [ or ]" in str(refused.value)
