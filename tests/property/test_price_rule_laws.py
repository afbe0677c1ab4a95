"""Laws of the price rule that hold whatever is answered."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from parfeed.economy.drawing import draw_economy
from parfeed.economy.troubles import Hiding
from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Bids,
    Inputs,
    Plans,
    Round,
    Schedules,
    demand_of,
    supply_of,
)
from streams.market.price_rule.limits import Limits
from streams.market.price_rule.rule import announce

LAWS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

# What nobody sends and a border refuses, among what everybody does.
wild = st.sampled_from(
    [0.0, 1.0, 1e-300, 1e300, np.inf, -np.inf, np.nan, -5.0, 12.5, 1e12]
)
plain = st.floats(0.01, 1000)


@st.composite
def answers(draw: st.DrawFn, products: int, amounts: st.SearchStrategy[float]):
    def column(size: int, strategy: st.SearchStrategy) -> np.ndarray:
        return np.array(draw(st.lists(strategy, min_size=size, max_size=size)))

    def whole(size: int, most: int) -> np.ndarray:
        return column(size, st.integers(0, most)).astype(np.int64)

    bids, plans = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    inputs = draw(st.integers(0, 5)) if bids else 0
    points = draw(st.integers(0, 3)) if bids else 0
    return Answers(
        Bids(
            whole(bids, 3),
            whole(bids, products - 1),
            column(bids, amounts).astype(float),
            column(bids, st.booleans()).astype(bool),
            Schedules(
                np.zeros(points, np.int64),
                np.sort(column(points, plain).astype(float)),
                np.sort(column(points, plain).astype(float)),
            ),
        ),
        Inputs(
            whole(inputs, max(bids - 1, 0)),
            whole(inputs, products - 1),
            column(inputs, amounts).astype(float),
        ),
        Plans(
            whole(plans, 3),
            whole(plans, products - 1),
            column(plans, amounts).astype(float),
            NO_SCHEDULES,
        ),
        column(products, amounts).astype(float),
        column(products, amounts).astype(float),
    )


@st.composite
def rounds(draw: st.DrawFn, amounts: st.SearchStrategy[float], most: int = 4):
    products = draw(st.integers(1, 4))
    count = draw(st.integers(1, most))
    return [
        Round(
            np.array(draw(st.lists(plain, min_size=products, max_size=products))),
            draw(answers(products, amounts)),
        )
        for _ in range(count)
    ]


NOTHING = Answers(
    Bids(
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        np.zeros(0),
        np.zeros(0, bool),
        NO_SCHEDULES,
    ),
    Inputs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)),
    Plans(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), NO_SCHEDULES),
    np.zeros(2),
    np.zeros(2),
)


@LAWS
@given(rounds(st.one_of(plain, wild)))
@example([Round(np.ones(2), NOTHING)] * 3)
def test_prices_stay_above_0_and_finite_whatever_is_answered(played):
    announced = announce(played)
    assert np.isfinite(announced.prices).all()
    assert (announced.prices > 0).all()
    assert np.isfinite(announced.forecast_percent).all()
    assert (np.abs(announced.forecast_percent) <= 200).all()


@LAWS
@given(rounds(st.one_of(plain, wild)))
def test_the_same_rounds_give_the_same_prices_bit_for_bit(played):
    one, other = announce(played), announce(played)
    assert one.prices.tobytes() == other.prices.tobytes()
    assert one.forecast_percent.tobytes() == other.forecast_percent.tobytes()
    assert one.method == other.method


@LAWS
@given(rounds(st.one_of(plain, wild)))
def test_a_price_never_leaves_the_reach_of_its_first(played):
    announced = announce(played, Limits(reach=2.0))
    away = np.abs(np.log(announced.prices / played[0].prices))
    assert away.max() <= 2.0 + 1e-9


@settings(LAWS, max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    hidden=st.sampled_from([0.8, 1.0]),
    groping=st.sampled_from([0.1, 0.4]),
)
def test_prices_against_one_another_move_by_bounded_steps_where_bids_are_hidden(
    seed, hidden, groping
):
    bidders = Hiding(draw_economy(seed, products=12), hidden, seed=seed)
    prices = bidders.start_prices
    answers = bidders.answer(prices)
    announced = announce([Round(prices, answers)], Limits(groping_step=groping))
    if announced.method == "shares":  # what little is seen is most of all money
        return
    step = np.log(announced.prices / prices)
    both = (supply_of(answers) > 0) & (demand_of(answers) > 0)
    assert np.ptp(step[both]) <= 2 * groping + 1e-9


def play(bidders, count: int) -> list[Round]:
    prices, played = bidders.start_prices, []
    for _ in range(count):
        played.append(Round(prices, bidders.answer(prices)))
        prices = announce(played).prices
    return played


@settings(LAWS, max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 3),
    hidden=st.sampled_from([0.0, 0.3, 1.0]),
    shuffle=st.integers(0, 1000),
)
def test_the_order_of_lines_does_not_matter(seed, count, hidden, shuffle):
    bidders = Hiding(draw_economy(seed, products=12), hidden, seed=seed)
    played = play(bidders, count)
    chance = np.random.default_rng(shuffle)
    mixed = [Round(r.prices, shuffled(r.answers, chance)) for r in played]
    assert announce(played).prices.tobytes() == announce(mixed).prices.tobytes()


def shuffled(answers: Answers, chance: np.random.Generator) -> Answers:
    bids, inputs, plans = answers.bids, answers.inputs, answers.plans
    order = chance.permutation(len(bids.product))
    number = np.argsort(order)
    inputs_order = chance.permutation(len(inputs.product))
    plans_order = chance.permutation(len(plans.product))
    return answers._replace(
        bids=Bids(
            bids.company[order],
            bids.product[order],
            bids.quantity[order],
            bids.is_fixed[order],
            renumbered(bids.schedules, number),
        ),
        inputs=Inputs(
            number[inputs.bid][inputs_order],
            inputs.product[inputs_order],
            inputs.quantity[inputs_order],
        ),
        plans=Plans(
            plans.consumer[plans_order],
            plans.product[plans_order],
            plans.quantity[plans_order],
            renumbered(plans.schedules, np.argsort(plans_order)),
        ),
    )


def renumbered(schedules: Schedules, number: np.ndarray) -> Schedules:
    line = number[schedules.line]
    order = np.lexsort((schedules.price, line))
    return Schedules(line[order], schedules.price[order], schedules.quantity[order])


def in_units(played: Round, units: np.ndarray, money: float) -> Round:
    """The same round, in other units of each product and of money."""
    bids, inputs, plans = played.answers[:3]

    def stated(schedules: Schedules, product: np.ndarray) -> Schedules:
        size = units[product[schedules.line]]
        return schedules._replace(
            price=schedules.price * size * money, quantity=schedules.quantity / size
        )

    return Round(
        played.prices * units * money,
        Answers(
            bids._replace(
                quantity=bids.quantity / units[bids.product],
                schedules=stated(bids.schedules, bids.product),
            ),
            inputs._replace(quantity=inputs.quantity / units[inputs.product]),
            plans._replace(
                quantity=plans.quantity / units[plans.product],
                schedules=stated(plans.schedules, plans.product),
            ),
            played.answers.hidden_supply / units,
            played.answers.hidden_demand / units,
        ),
    )


@settings(LAWS, max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 3),
    money=st.sampled_from([1e-4, 0.5, 7.0, 1e5]),
)
def test_money_of_another_size_scales_all_prices(seed, count, money):
    played = play(draw_economy(seed, products=12), count)
    scaled = [in_units(r, np.ones(12), money) for r in played]
    prices = announce(played).prices
    assert announce(scaled).prices == pytest.approx(prices * money, rel=1e-4)


@settings(LAWS, max_examples=10)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 3))
def test_units_of_another_size_do_not_change_what_is_paid(seed, count):
    played = play(draw_economy(seed, products=12), count)
    units = np.exp(np.random.default_rng(seed).uniform(-5, 5, 12))
    changed = [in_units(r, units, 1.0) for r in played]
    prices = announce(played).prices
    assert announce(changed).prices == pytest.approx(prices * units, rel=1e-4)
