"""The book's laws: order, repetition and rounds change nothing that is summed up."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.period_planning import line, terms

from schemas.rows import Line
from streams.market.answers import Answers, demand_of, supply_of
from streams.market.planning.book import (
    BID,
    Book,
    amount_at,
    is_confirmed,
    is_withdrawn,
)

PRODUCTS = ("bread", "cheese", "dates")
FIRST = {product: Decimal(10) for product in PRODUCTS}
PRICE = st.integers(1, 40).map(Decimal)
UNITS = st.integers(0, 50).map(str)


@st.composite
def some_terms(draw: st.DrawFn, kind: str) -> object:
    shape = draw(st.sampled_from(["none", "limit", "schedule", "fixed", "joint"]))
    if shape == "none":
        return None
    if shape == "limit":
        return terms(limit=str(draw(PRICE)))
    if shape == "fixed":
        return terms(is_fixed=True)
    if shape == "joint":
        members = ("mill", "farm")
        confirmed = members[: draw(st.integers(0, 2))]
        return terms(members=members, confirmed=confirmed)
    prices = sorted(draw(st.sets(st.integers(1, 40), min_size=1, max_size=4)))
    units = sorted(draw(st.integers(0, 50)) for _ in prices)
    if kind == "plan":
        units.reverse()
    return terms(*((str(p), str(u)) for p, u in zip(prices, units, strict=True)))


@st.composite
def histories(draw: st.DrawFn) -> list[list[Line]]:
    """Per line its revisions, in their order; offsets are unlike."""
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["bid", "plan"]),
                st.sampled_from(PRODUCTS),
                st.sampled_from(["ada", "bob", "north"]),
                st.sampled_from([None, *PRODUCTS]),
            ),
            unique_by=lambda key: (
                key[0],
                key[1],
                key[2],
                key[3] if key[0] == "plan" else 0,
            ),
            min_size=1,
            max_size=12,
        )
    )
    found, offset = [], 0
    for kind, product, party, need in keys:
        revisions = []
        for revision in range(draw(st.integers(1, 3))):
            offset += 1
            revisions.append(
                line(
                    kind,
                    party,
                    product_id=product,
                    for_product_id=need if kind == "plan" else None,
                    quantity=draw(UNITS),
                    round=draw(st.integers(0, 3)),
                    council_id=draw(st.sampled_from([None, "north", "south"])),
                    revision=revision,
                    offset=offset,
                    terms=draw(some_terms(kind)),
                )
            )
        found.append(revisions)
    return found


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Line], list[Line]]:
    """Two orders of arrival; what is repeated or older comes in between."""
    found = draw(histories())
    both = []
    for _ in range(2):
        lines = [one for revisions in found for one in revisions]
        lines += draw(st.lists(st.sampled_from(lines), max_size=5))
        both.append(draw(st.permutations(lines)))
    return both[0], both[1]


def filled(lines: Sequence[Line], prices: dict[str, Decimal] | None = None) -> Book:
    book = Book(FIRST)
    book.put_all(lines)
    if prices is not None:
        book.begin_round(2, prices)
    return book


def arrays(answers: Answers) -> list[list[object]]:
    flat = []
    for part in answers:
        if isinstance(part, np.ndarray):
            flat.append(part.tolist())
            continue
        for column in part:
            if isinstance(column, np.ndarray):
                flat.append(column.tolist())
            else:
                flat += [of.tolist() for of in column]
    return flat


@given(arrivals(), st.fixed_dictionaries(dict.fromkeys(PRODUCTS, PRICE)))
def test_the_order_of_lines_does_not_matter(
    orders: tuple[list[Line], list[Line]], prices: dict[str, Decimal]
) -> None:
    one, other = (filled(order, prices) for order in orders)
    for product in PRODUCTS:
        assert one.sums(product) == other.sums(product)
    assert one.told() == other.told()
    assert arrays(one.answers()) == arrays(other.answers())


@given(histories(), st.fixed_dictionaries(dict.fromkeys(PRODUCTS, PRICE)))
def test_sums_are_those_of_the_newest_lines(
    found: list[list[Line]], prices: dict[str, Decimal]
) -> None:
    book = filled([one for revisions in found for one in revisions], prices)
    supply, demand = dict.fromkeys(PRODUCTS, 0), dict.fromkeys(PRODUCTS, 0)
    for *_, newest in found:
        if is_withdrawn(newest) or not is_confirmed(newest):
            continue
        side = supply if newest.kind == BID else demand
        side[newest.product_id] += amount_at(newest, prices[newest.product_id])
    for product in PRODUCTS:
        assert book.sums(product) == (supply[product], demand[product])


@given(histories(), st.fixed_dictionaries(dict.fromkeys(PRODUCTS, PRICE)))
def test_the_arrays_hold_what_the_sums_do(
    found: list[list[Line]], prices: dict[str, Decimal]
) -> None:
    book = filled([one for revisions in found for one in revisions], prices)
    answers = book.answers()
    sums = [book.sums(product) for product in PRODUCTS]
    np.testing.assert_allclose(
        supply_of(answers), [float(of.supply) for of in sums], rtol=1e-9
    )
    np.testing.assert_allclose(
        demand_of(answers), [float(of.demand) for of in sums], rtol=1e-9
    )


@given(histories(), st.booleans())
def test_a_decision_and_its_opposite_leave_the_book_as_it_was(
    found: list[list[Line]], before: bool
) -> None:
    lines = [one for revisions in found for one in revisions]
    plain, decided = filled(lines), Book(FIRST)
    if not before:
        decided.put_all(lines)
    for product in PRODUCTS:
        decided.decide(product, "north", False, 1)
    if before:
        decided.put_all(lines)
    for product in PRODUCTS:
        decided.decide(product, "north", True, 2)
        assert decided.sums(product) == plain.sums(product)
    assert arrays(decided.answers()) == arrays(plain.answers())


@given(
    histories(),
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(PRODUCTS, PRICE)), min_size=1, max_size=3
    ),
)
def test_a_round_is_answered_alike_whatever_rounds_came_before(
    found: list[list[Line]], rounds: list[dict[str, Decimal]]
) -> None:
    lines = [one for revisions in found for one in revisions]
    book = filled(lines)
    for number, prices in enumerate(rounds, 2):
        book.begin_round(number, prices)
    # Lines that came after the prices instead of before them.
    late = Book(rounds[-1])
    late.begin_round(len(rounds) + 1, rounds[-1])
    late.put_all(lines)
    for product in PRODUCTS:
        assert book.sums(product) == late.sums(product)
    assert book.told() == late.told()
    assert arrays(book.answers()) == arrays(late.answers())
