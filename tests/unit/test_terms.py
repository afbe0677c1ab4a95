"""What a line says at a price: schedules, limits, and where it is rounded."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.market import event_of

from schemas.rows import Terms
from schemas.values import EXACT
from streams.market.terms import answer, denied_quantity, terms_of_bid, terms_of_plan

TEN = Decimal(10)
D = Decimal


def points(*pairs):
    return tuple((D(price), D(quantity)) for price, quantity in pairs)


SUPPLY = Terms(schedule=points(("1", "60"), ("2", "110"), ("4", "140")))
DEMAND = Terms(schedule=points(("1", "140"), ("2", "110"), ("4", "60")))


@pytest.mark.parametrize("side", ["bid", "plan"])
@pytest.mark.parametrize("terms", [None, Terms(), Terms(is_fixed=True), SUPPLY])
def test_before_a_price_is_announced_a_line_is_its_quantity(side, terms):
    assert answer(TEN, terms, side, None) == TEN
    assert denied_quantity(TEN, terms, side, None) == 0


@pytest.mark.parametrize("side", ["bid", "plan"])
def test_without_terms_a_line_is_its_quantity_at_any_price(side):
    for price in (D(0), D("0.000001"), D(10) ** 12):
        assert answer(TEN, None, side, price) == TEN
        assert denied_quantity(TEN, None, side, price) == 0


@pytest.mark.parametrize(
    ("price", "quantity"),
    [("0.999999", "0"), ("1", "60"), ("1.5", "85"), ("2", "110"), ("3", "125"),
     ("4", "140"), ("4.000001", "140"), ("1000000000000", "140"), ("-5", "0")],
)  # fmt: skip
def test_a_bids_schedule_begins_at_its_first_point_and_stays_at_its_last(
    price, quantity
):
    assert answer(TEN, SUPPLY, "bid", D(price)) == D(quantity)


@pytest.mark.parametrize(
    ("price", "quantity"),
    [("0.000001", "140"), ("1", "140"), ("1.5", "125"), ("2", "110"), ("3", "85"),
     ("4", "60"), ("4.000001", "0"), ("1000000000000", "0")],
)  # fmt: skip
def test_a_plan_lines_schedule_holds_below_its_first_point_and_ends_at_its_last(
    price, quantity
):
    assert answer(TEN, DEMAND, "plan", D(price)) == D(quantity)
    assert denied_quantity(TEN, DEMAND, "plan", D(price)) == 0


def test_one_point_is_a_schedule():
    one = Terms(schedule=points(("2", "7")))
    prices = [D("1.9"), D(2), D("2.1")]
    assert [answer(TEN, one, "bid", price) for price in prices] == [0, 7, 7]
    assert [answer(TEN, one, "plan", price) for price in prices] == [7, 7, 0]


@pytest.mark.parametrize(
    ("price", "text"),
    # A third of the way: 33.33..., then ties that go to the even side.
    [("1", "0.333333"), ("2", "0.666667"), ("1.5", "0.500000")],
)
def test_what_lies_between_two_points_is_rounded_once_to_six_places(price, text):
    terms = Terms(schedule=points(("0", "0"), ("3", "1")))
    assert str(answer(TEN, terms, "bid", D(price))) == text


@pytest.mark.parametrize(
    ("high", "text"), [("0.000001", "0.000000"), ("0.000003", "0.000002")]
)
def test_a_tie_goes_to_the_even_side(high, text):
    terms = Terms(schedule=points(("0", "0"), ("2", high)))
    assert str(answer(TEN, terms, "bid", D(1))) == text


def test_a_limit_is_broken_beyond_it_and_not_at_it():
    limit = Terms(limit=D(2))
    prices = [D("1.999999"), D(2), D("2.000001")]
    assert [answer(TEN, limit, "bid", price) for price in prices] == [0, 10, 10]
    assert [answer(TEN, limit, "plan", price) for price in prices] == [10, 10, 0]
    for side in ("bid", "plan"):
        for price in prices:
            kept = answer(TEN, limit, side, price)
            assert kept + denied_quantity(TEN, limit, side, price) == TEN


def test_less_than_the_least_quantity_is_nothing():
    least = Terms(schedule=DEMAND.schedule, least_quantity=D(100))
    prices = [D(2), D("2.4"), D("2.400001"), D(4), D(5)]
    assert [answer(TEN, least, "plan", price) for price in prices] == [
        110,
        100,
        0,
        0,
        0,
    ]
    # What it wanted is denied; where it wanted nothing there is nothing to deny.
    denied = [denied_quantity(TEN, least, "plan", price) for price in prices]
    assert denied == [0, 0, D("99.999975"), 60, 0]


def test_what_is_fixed_answers_no_price():
    fixed = Terms(is_fixed=True, limit=D(100), schedule=SUPPLY.schedule)
    assert answer(TEN, fixed, "bid", D("0.01")) == TEN
    assert denied_quantity(TEN, fixed, "bid", D("0.01")) == 0


def test_an_event_with_a_quantity_alone_has_no_terms():
    assert terms_of_bid(event_of("bid", revision=3, team_id="bakers")) is None
    assert terms_of_plan(event_of("plan", revision=3, council_id="street")) is None


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ({"least_price": "2.50"}, "limit", D("2.50")),
        ({"is_fixed": True}, "is_fixed", True),
        ({"members": ["mill"]}, "members", ("mill",)),
        ({"delegate_id": "bakers"}, "delegate_id", "bakers"),
        ({"schedule": [["-1", "2"]]}, "schedule", ((D(-1), D(2)),)),
    ],
)
def test_any_of_a_bids_terms_is_kept(said, field, value):
    with localcontext(EXACT):
        assert getattr(terms_of_bid(event_of("bid", **said)), field) == value


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ({"greatest_price": "2.50"}, "limit", D("2.50")),
        ({"least_quantity": "0"}, "least_quantity", D(0)),
        ({"priority": 9}, "priority", 9),
        ({"when_denied": "use_unplanned"}, "when_denied", "use_unplanned"),
        ({"schedule": [["1", "2"]]}, "schedule", ((D(1), D(2)),)),
    ],
)
def test_any_of_a_plan_lines_terms_is_kept(said, field, value):
    with localcontext(EXACT):
        assert getattr(terms_of_plan(event_of("plan", **said)), field) == value


def test_terms_hold_plain_decimals():
    with localcontext(EXACT):
        terms = terms_of_plan(
            event_of(
                "plan",
                schedule=[["1", "2"]],
                greatest_price="3",
                least_quantity="1",
            )
        )
    ((price, quantity),) = terms.schedule
    held = {type(one) for one in (price, quantity, terms.limit, terms.least_quantity)}
    assert held == {Decimal}


# Laws.

MICRO = Fraction(1, 10**6)
amounts = st.one_of(
    st.integers(0, 10**18).map(lambda micros: D(micros).scaleb(-6)),
    st.integers(0, 20).map(D),
)
any_price = st.one_of(
    st.integers(1, 10**18).map(lambda micros: D(micros).scaleb(-6)),
    st.integers(1, 20).map(D),
)


@st.composite
def lines(draw):
    side = draw(st.sampled_from(["bid", "plan"]))
    count = draw(st.integers(0, 6))
    prices = draw(st.sets(any_price, min_size=count, max_size=count))
    quantities = draw(st.lists(amounts, min_size=count, max_size=count))
    quantities.sort(reverse=side == "plan")
    terms = Terms(
        limit=draw(st.none() | any_price),
        least_quantity=draw(st.none() | amounts) if side == "plan" else None,
        schedule=tuple(zip(sorted(prices), quantities, strict=True)),
    )
    return side, draw(amounts), terms


@given(lines(), any_price, any_price)
@settings(max_examples=500, deadline=None)
def test_a_bid_never_falls_and_a_plan_line_never_rises_with_the_price(line, one, other):
    side, quantity, terms = line
    low, high = sorted((one, other))
    at_low, at_high = (answer(quantity, terms, side, price) for price in (low, high))
    assert at_low <= at_high if side == "bid" else at_low >= at_high


@given(lines(), any_price)
@settings(max_examples=500, deadline=None)
def test_an_answer_is_one_of_nothing_and_what_lies_within_the_schedule(line, price):
    side, quantity, terms = line
    said = [at for _, at in terms.schedule] or [quantity]
    units = answer(quantity, terms, side, price)
    denied = denied_quantity(quantity, terms, side, price)
    assert not units or not denied
    for value in (units, denied):
        assert value == 0 or min(said) <= value <= max(said)
    assert units.as_tuple().exponent >= -6


@given(lines(), st.fractions(0, 1))
@settings(max_examples=500, deadline=None)
def test_between_two_points_an_answer_is_the_exact_one_to_half_a_micro(line, weight):
    side, quantity, terms = line
    terms = Terms(schedule=terms.schedule)
    for (low, first), (high, second) in zip(
        terms.schedule, terms.schedule[1:], strict=False
    ):
        micros = round(
            Fraction(low) * 10**6 + (Fraction(high) - Fraction(low)) * weight * 10**6
        )
        price = D(micros).scaleb(-6)
        if not low <= price <= high:
            continue
        share = Fraction(price - low) / Fraction(high - low)
        exact = Fraction(first) + (Fraction(second) - Fraction(first)) * share
        units = Fraction(answer(quantity, terms, side, price))
        assert abs(units - exact) <= MICRO / 2


@given(lines(), any_price)
@settings(max_examples=300, deadline=None)
def test_arithmetic_needs_no_context_of_its_callers(line, price):
    side, quantity, terms = line
    plain = answer(quantity, terms, side, price)
    with localcontext(EXACT):
        assert answer(quantity, terms, side, price) == plain
