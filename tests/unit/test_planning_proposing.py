"""From the book to the price rule and back."""

from decimal import Decimal

import pytest
from support.period_planning import line, terms

from streams.market.planning.book import Book
from streams.market.planning.proposing import propose, round_of

PRICES = {"bread": Decimal(10), "cheese": Decimal(5), "dates": Decimal(2)}


def book() -> Book:
    made = Book(PRICES)
    made.put_all(
        [
            line("bid", "bakery", terms=terms(("1", "10"), ("21", "50"))),
            line("plan", "ada", terms=terms(("1", "50"), ("21", "10"))),
            line("plan", "ada", product_id="cheese", quantity="7"),
            line("bid", "farm", product_id="dates", quantity="7"),
        ]
    )
    return made


def test_a_proposal_clears_what_can_be_cleared_and_flags_the_rest() -> None:
    made = book()
    proposals = propose([round_of(PRICES, made)], made.products, 3.0)
    found = proposals.by_product
    assert found["bread"].price == pytest.approx(11, rel=0.02)
    assert found["bread"].flags == ()
    assert found["cheese"].flags == ("no_bid",)
    assert found["cheese"].price == pytest.approx(5)
    assert found["dates"].flags == ("no_demand",)
    assert not proposals.alarm


def test_the_same_rounds_give_the_same_proposals_bit_for_bit() -> None:
    one, other = book(), book()
    first = propose([round_of(PRICES, one)], one.products, 3.0)
    assert first == propose([round_of(PRICES, other)], other.products, 3.0)


def test_a_round_is_its_prices_and_what_stands() -> None:
    found = round_of(PRICES, book())
    assert found.prices.tolist() == [10, 5, 2]
    assert found.answers.bids.quantity.tolist() == [28, 7]
