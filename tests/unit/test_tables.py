"""What the tables hold, and which of the asked prices is the least."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.market import tables

from schemas.rows import Line, MarketRow
from schemas.topics import BIDS, PURCHASES
from schemas.values import Period
from streams.market.fold import Ask
from streams.market.tables import line_key

WEEKS = [Period(f"2011-W{week}") for week in range(40, 46)]


def price(company_id="bakery", period=WEEKS[0], amount="1", kind="price"):
    return Line(
        kind=kind,
        product_id="bread",
        period=period,
        party_id=company_id,
        amount=Decimal(amount),
        revision=0,
    )


def test_a_row_is_replaced_under_its_product_and_period():
    into = tables()
    assert into.periods_of("bread") == frozenset()
    for sequence in (1, 2):
        for period in WEEKS[:2]:
            into.put_row(
                MarketRow(product_id="bread", period=period, sequence=sequence)
            )
    assert into.periods_of("bread") == set(WEEKS[:2])
    assert into.periods_of("salt") == frozenset()
    assert [row.sequence for row in into.rows.values()] == [2, 2]


def test_a_line_is_replaced_under_its_kind_product_period_and_party():
    into = tables()
    for amount in ("1", "2"):
        into.put_line(price(amount=amount))
    (line,) = into.lines.values()
    assert line.amount == 2
    assert line_key(line) == ("price", "bread", "2011-W40", "bakery", "")
    assert into.lines[line_key(line)] is line


def test_a_line_of_an_input_stands_under_the_product_that_needs_it_too():
    into = tables()
    for needed_for in (None, "cake", "beer"):
        line = replace(price(kind="plan"), for_product_id=needed_for)
        assert line_key(line)[4] == (needed_for or "")
        into.put_line(line)
    assert set(into.standing("bread", WEEKS[0]).lines) == set(into.lines)
    assert len(into.lines) == 3


def test_what_stands_is_what_the_lines_say_last():
    into = tables()
    standing = into.standing("bread", WEEKS[0])
    assert into.standing("bread", WEEKS[0]) is standing
    assert standing.price is None
    into.put_line(price("board", amount="2", kind="announced_price"))
    assert standing.price == 2
    into.put_line(price("board", amount="3", kind="planned_price"))
    into.put_line(price("board", amount="4", kind="announced_price"))
    into.put_line(price("board", amount="5", kind="indicative_price"))
    assert (standing.announced, standing.planned, standing.price) == (4, 3, 3)
    for amount, out in (("0", {"street"}), ("0", {"street"}), ("1", set())):
        into.put_line(price("street", amount=amount, kind="decision"))
        assert standing.is_out == out
    assert not standing.lines


def test_only_price_lines_are_asks():
    into = tables()
    for kind in ("bid", "plan", "planned_price"):
        into.put_line(price(kind=kind))
    assert into.least_ask("bread", WEEKS[0]) is None
    assert into.least_ask("salt", WEEKS[0]) is None


def test_a_price_stands_through_later_periods_but_not_before_its_own():
    into = tables()
    into.put_line(price(period=WEEKS[2]))
    assert into.least_ask("bread", WEEKS[1]) is None
    assert into.least_ask("bread", WEEKS[2]) == Ask(Decimal(1), "bakery")
    assert into.least_ask("bread", WEEKS[5]) == Ask(Decimal(1), "bakery")


def test_among_equal_prices_the_first_company_by_name_is_shown():
    for companies in (("a", "b"), ("b", "a")):
        into = tables()
        for company_id in companies:
            into.put_line(price(company_id))
        assert into.least_ask("bread", WEEKS[0]) == Ask(Decimal(1), "a")


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(WEEKS), st.integers(-5, 5).map(str)
        ),
        max_size=20,
    )
)
@settings(max_examples=200, deadline=None)
def test_the_least_ask_is_that_of_a_search_through_all_prices(prices):
    into = tables()
    for company_id, period, amount in prices:
        into.put_line(price(company_id, period, amount))
        for week in WEEKS:
            assert into.least_ask("bread", week) == searched(into, week)


def searched(into, week):
    standing = {}
    for line in sorted(into.lines.values(), key=lambda line: line.period):
        if line.period <= week:
            standing[line.party_id] = line.amount
    return min(
        (Ask(amount, company_id) for company_id, amount in standing.items()),
        default=None,
    )


def test_every_topic_has_a_duplicates_window_of_its_own():
    into = tables(window=10)
    seen = into.seen_ids(PURCHASES)
    seen.add("e-1", 0)
    assert into.seen_ids(PURCHASES) is seen
    assert "e-1" not in into.seen_ids(BIDS)
    assert seen.span_to_read(100) == range(95, 100)
