"""The book of a period: what is taken, once, and what stands."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.market import event_of
from support.settlement import (
    WEEK,
    Market,
    book_of,
    bought,
    line_of,
    lives_in,
    planned_at,
    settled,
    terms,
)

from schemas.values import Period, Quantity
from streams.market.settlement.book import STANDARD_TERMS


def test_production_moves_no_money():
    book = book_of(Market((event_of("production"),)))
    assert list(book.products()) == []


def test_a_product_of_which_nothing_is_to_be_said_has_no_row():
    made = settled(Market((), (line_of("bid", "mill", "5"),)))
    assert made.rows == made.postings == ()


def test_a_product_that_was_planned_and_not_bought_has_a_row():
    [row] = settled(Market((), (line_of("plan", "ann", "5"),))).rows
    assert (row.planned, row.actual, row.error_percent) == (5, 0, 100)


def test_inputs_of_one_party_add_up_to_one_line():
    lines = (
        line_of("plan", "mill", "4", of="bread"),
        line_of("plan", "mill", "5", of="cake"),
    )
    sale = bought("1", "mill", "farm", "10", "8", planned="10")
    [_, product] = [None, *book_of(Market((planned_at("10"), sale), lines)).products()]
    [split] = product[1].splits({})
    assert (split.planned, split.unplanned) == (9, 1)


def test_a_line_takes_the_place_of_the_one_before():
    lines = (line_of("plan", "ann", "5"), line_of("plan", "ann", "3"))
    [(_, product)] = book_of(Market((), lines)).products()
    assert product.planned_quantity() == 3


def test_the_newest_budget_says_whose_pool_pays_whatever_order_they_come_in():
    old, new = lives_in("ann", "elm", 1), lives_in("ann", "oak", 2)
    for events in ((old, new), (new, old)):
        assert book_of(Market(events)).councils() == {"ann": "oak"}
    assert book_of(Market((new, lives_in("ann", None, 3)))).councils() == {}


def test_terms_stand_from_their_period_until_the_next():
    week = {name: Period(f"2011-W{name}") for name in (43, 44, 45)}
    earlier = replace(terms(), event_id="e", period=week[43], planned_tax=Quantity("1"))
    own, later = terms(), replace(terms(), event_id="l", period=week[45])
    revised = replace(terms(revision=1), planned_tax=Quantity("0.5"))
    assert book_of(Market(())).terms is STANDARD_TERMS
    assert book_of(Market((later,))).terms is STANDARD_TERMS
    for events in ((earlier, later, own), (own, earlier, later)):
        assert book_of(Market(events)).terms is own
    for events in ((own, revised), (revised, own)):
        assert book_of(Market(events)).terms is revised
    assert book_of(Market((earlier, later))).terms is earlier


def test_what_belongs_to_another_period_is_no_matter_of_this_book():
    book = book_of(Market(()))
    with pytest.raises(AssertionError, match=r"is of 2011-W44, was 2011-W45"):
        book.take(planned_at("10", period="2011-W45"))
    with pytest.raises(AssertionError, match=r"was 2011-W45"):
        book.put_line(replace(line_of("bid", "mill", "1"), period=Period("2011-W45")))
    with pytest.raises(AssertionError, match="must be a bid or plan, was price"):
        book.put_line(line_of("price", "mill", "1"))


def test_what_was_approved_is_split_so():
    sale = bought("1", "ann", "mill", "5", "8")
    events = (planned_at("10"), sale)
    made = settled(Market(events, (), {"1": Decimal(2)}))
    assert [posting.step for posting in made.postings][:1] == ["planned_sale"]
    assert made.balances["consumer/ann/planned"] < 0


def test_companies_and_consumers_are_kept_once():
    events = [bought(f"{n}", "ann", "mill", "1", "8") for n in range(2)]
    [(_, product)] = book_of(Market(tuple(events))).products()
    one, other = [split.trade for split in product.splits({})]
    assert one.company_id is other.company_id
    assert one.consumer_id is other.consumer_id
    assert product.actual_quantity() == Decimal(2)
    assert book_of(Market(())).period == WEEK
