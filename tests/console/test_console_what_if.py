"""What a price, a bid or a purchase would do is said by the words of the economics."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.console import market_row

from parfeed.console.economics import Taxes
from parfeed.console.glances import glance
from parfeed.console.offers import Offers
from parfeed.console.products import Product
from parfeed.console.what_if import bid_effect, joined, price_effect, quote
from schemas.codec import encode

EXAMPLE = Taxes(planned=Decimal("0.04"), unplanned=Decimal("0.20"))


def product(own_price=None, own_bid=None, **changed) -> Product:
    seen = glance(encode(market_row(**changed)))
    return Product(seen, own_price=own_price, own_bid=own_bid)


def effect_of(price, **changed) -> str:
    lines = price_effect(product(**changed), price, "bakery", EXAMPLE, Offers())
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("11.00", "12.10 instead of 10.20 with tax: loses 1.90"),
        ("8.00", "8.80 instead of 10.20 with tax: saves 1.40"),
    ],
)
def test_a_price_says_what_its_buyer_loses_as_in_the_worked_example(price, words):
    assert words in effect_of(Decimal(price))


def test_a_price_as_dear_as_the_plan_loses_nothing():
    untaxed = Taxes(planned=Decimal(0), unplanned=Decimal(0))
    lines = price_effect(product(), Decimal(10), "bakery", untaxed, Offers())
    assert lines[1].endswith("loses nothing")


@pytest.mark.parametrize(
    ("least", "seller", "words"),
    [
        (None, None, "you would be the only one to offer it unplanned"),
        ("9.50", "mill", "mill stays the cheapest at 9.50, -0.50 against you"),
        ("10.00", "mill", "as cheap as mill, who is the cheapest"),
        ("11.00", "mill", "you would be the cheapest, before mill at 11.00"),
        ("10.00", "bakery", "you stay the cheapest"),
        ("9.00", "bakery", "you are the cheapest now; the next price is not known"),
    ],
)
def test_without_offers_a_price_is_compared_with_that_of_the_row(least, seller, words):
    assert words in effect_of(Decimal(10), least=least, seller=seller)


def test_a_price_says_what_all_sellers_take_at_the_present_pace():
    words = effect_of(Decimal("8.50"), hour=12)
    assert "sold 12 unplanned in the last hour: 102.00 an hour" in words
    assert "(was 108.00)" in words
    assert "nothing was sold unplanned in the last hour" in effect_of(Decimal(8))


def test_without_a_planned_price_no_loss_is_told():
    assert "no planned price yet" in effect_of(Decimal(8), planned=None)


def test_while_nothing_is_typed_the_prices_that_stand_are_shown():
    shown = price_effect(
        product(own_price=Decimal(9)), None, "bakery", EXAMPLE, Offers()
    )
    assert shown == ["planned 10.00, your unplanned price now 9.00"]


def test_a_bid_says_where_supply_and_demand_would_stand_and_what_it_earns():
    lines = bid_effect(product(supply=90, demand=110), Decimal(20), EXAMPLE)
    assert lines == [
        "supply 90, demand 110",
        "imbalance +0.00% blue, if you had no bid before",
        "all of it sold at the planned price 10.00: 196.00 after tax",
    ]


def test_a_bid_replaces_the_one_that_was_placed_here():
    one = product(supply=90, demand=110, own_bid=Decimal(30))
    lines = bid_effect(one, Decimal(50), EXAMPLE)
    assert lines[0].endswith("your bid now 30")
    assert lines[1] == "imbalance +0.00% blue"


def test_a_bid_of_nothing_withdraws():
    lines = bid_effect(product(supply=0, demand=0, planned=None), Decimal(0), EXAMPLE)
    assert lines == ["supply 0, demand 0", "0 withdraws your bid"]
    assert bid_effect(product(), None, EXAMPLE) == ["supply 100, demand 100"]


def test_a_quote_costs_both_ways_with_tax():
    assert quote(product(least="11.00"), Decimal(2), EXAMPLE) == [
        "planned: 20.40 with tax",
        "unplanned from mill: 24.20 with tax",
        "loses 3.80",
    ]
    assert quote(product(planned=None), None, EXAMPLE) == [
        "no planned price yet",
        "nobody offers it unplanned",
    ]
    assert quote(product(planned=None, least="1"), None, EXAMPLE)[1:] == [
        "unplanned from mill: 1.10 with tax"
    ]


@given(
    st.lists(st.text("ab ", min_size=1, max_size=30), max_size=6),
    st.integers(5, 80),
    st.integers(0, 4),
)
def test_lines_are_put_beside_each_other_and_none_is_broken(lines, width, most):
    found = joined(lines, width, most)
    assert len(found) <= most
    # In their order, whole, from the first on.
    assert "   ".join(lines).startswith("   ".join(found))
    assert all(len(line) <= width or line in lines for line in found)
