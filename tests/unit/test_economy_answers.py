"""What consumers and producers answer is what serves them best at the prices."""

import numpy as np
import pytest

from parfeed.economy.consumers import Budgets, Limits
from parfeed.economy.drawing import KINDS, draw_economy
from parfeed.economy.economy import SCHEDULE_FACTORS
from parfeed.economy.producers import Offers, Processes
from streams.market.answers import Schedules


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def process(**changed: object) -> Processes:
    # One unit of product 0 out of products 1 and 2.
    parts = {
        "company": integers(0),
        "scale": np.array([0.7]),
        "effort": np.array([0.1]),
        "capacity": np.array([np.inf]),
        "output_process": integers(0),
        "output_product": integers(0),
        "output_amount": np.array([1.0]),
        "input_process": integers(0, 0),
        "input_product": integers(1, 2),
        "input_exponent": np.array([0.3, 0.4]),
    }
    return Processes(**{**parts, **changed})


PRICES = np.array([3.0, 2.0, 0.5])


def profit(of: Processes, made: float, inputs: np.ndarray) -> float:
    # From the production function itself: effort that costs E ** (1 / h) per h, made
    # up for what the inputs leave.
    b, h = of.input_exponent, of.effort[0]
    # q = e^k prod(x^b) (spent_on_effort / h)^h is the function behind `scale`.
    log_inputs = (b * np.log(inputs)).sum()
    spent = h * np.exp((np.log(made) - of.scale[0] - log_inputs) / h)
    return float(made * PRICES[0] - (PRICES[1:] * inputs).sum() - spent)


def answer(of: Processes) -> tuple[float, np.ndarray]:
    level, spent = of.levels(PRICES)
    return float(level[0]), of.exponents_at(PRICES) * spent[0] / PRICES[1:]


def test_a_process_makes_what_earns_most():
    made, inputs = answer(process())
    best = profit(process(), made, inputs)
    assert best > 0
    chance = np.random.default_rng(1)
    for _ in range(300):
        aside = np.exp(chance.normal(0, 0.05, 3))
        assert profit(process(), made * aside[0], inputs * aside[1:]) < best


def test_at_its_capacity_a_process_takes_the_inputs_that_cost_least():
    free, _ = answer(process())
    of = process(capacity=np.array([free / 3]))
    made, inputs = answer(of)
    assert made == pytest.approx(free / 3)
    best = profit(of, made, inputs)
    chance = np.random.default_rng(2)
    for _ in range(300):
        aside = np.exp(chance.normal(0, 0.05, 2))
        assert profit(of, made, inputs * aside) < best


@pytest.mark.parametrize("elasticity", [0.5, 1.0, 2.5])
def test_inputs_stand_in_for_each_other_by_the_elasticity(elasticity):
    of = process(
        elasticity=np.array([elasticity]), input_usual_price=np.array([2.0, 0.5])
    )
    made, inputs = answer(of)
    assert made == pytest.approx(answer(process())[0])  # at usual prices
    dearer = PRICES * [1, 1.21, 1]
    _, spent = of.levels(dearer)
    then = of.exponents_at(dearer) * spent[0] / dearer[1:]
    ratio = (then[0] / then[1]) / (inputs[0] / inputs[1])
    assert ratio == pytest.approx(1.21**-elasticity)
    assert of.exponents_at(dearer).sum() == pytest.approx(0.7)
    # Hotelling's lemma: an input costs in profit what is needed of it.
    step = 1e-6
    around = [
        float(level[0] * prices[0] - (0.7 + 0.1) * spent[0])
        for factor in (1 - step, 1 + step)
        for prices in [dearer * [1, factor, 1]]
        for level, spent in [of.levels(prices)]
    ]
    slope = (around[1] - around[0]) / (2 * step * dearer[1])
    assert -slope == pytest.approx(then[0], rel=1e-6)


def test_increasing_returns_make_all_of_the_capacity_or_nothing():
    of = process(input_exponent=np.array([0.5, 0.5]), capacity=np.array([4.0]))
    made, inputs = answer(of)
    assert made == pytest.approx(4)
    assert profit(of, made, inputs) > 0
    dear = of._replace(scale=of.scale - 3)
    assert answer(dear)[0] == 0
    assert (answer(dear)[1] == 0).all()


def test_without_a_capacity_increasing_returns_make_less_the_higher_the_price():
    of = process(input_exponent=np.array([0.5, 0.6]))
    low, high = (of.levels(PRICES * [factor, 1, 1])[0][0] for factor in (1, 1.2))
    assert 0 < high < low


def test_any_price_gives_a_quantity_that_is_a_number():
    for exponents in ([0.3, 0.4], [0.4, 0.5], [0.45, 0.45], [0.8, 0.9]):
        for factor in (1e-12, 1.0, 1e12):
            of = process(input_exponent=np.array(exponents))
            level, spent = of.levels(PRICES * [factor, 1, 1])
            assert np.isfinite([*level, *spent]).all()
            assert np.isfinite(level**2).all()


def test_a_budget_is_spent_and_the_ratios_are_those_of_its_elasticity():
    budgets = Budgets(
        income=np.array([10.0, 20.0]),
        elasticity=np.array([0.5, 2.5]),
        consumer=integers(0, 0, 1, 1),
        product=integers(0, 1, 0, 2),
        weight=np.array([1.0, 2.0, 3.0, 4.0]),
    )
    wanted = budgets.wanted(PRICES)
    cost = wanted * PRICES[budgets.product]
    np.testing.assert_allclose([cost[:2].sum(), cost[2:].sum()], [10, 20])
    # d_i / d_j = (w_i / w_j) (p_i / p_j) ** -elasticity
    assert wanted[0] / wanted[1] == pytest.approx(1 / 2 * (3 / 2) ** -0.5)
    assert wanted[2] / wanted[3] == pytest.approx(3 / 4 * (3 / 0.5) ** -2.5)


def test_ten_times_the_prices_and_incomes_change_no_plan():
    budgets = draw_economy(5, "ces").parts.budgets
    richer = budgets._replace(income=budgets.income * 10)
    prices = np.random.default_rng(3).uniform(1, 9, budgets.product.max() + 1)
    np.testing.assert_allclose(
        richer.wanted(prices * 10), budgets.wanted(prices), rtol=1e-12
    )


def test_ten_times_the_prices_change_no_bid_if_effort_costs_ten_times_as_much():
    of = draw_economy(5, "ces").parts.processes
    # What effort costs is in the scale: h ln(c / (s du)).
    dearer = of._replace(scale=of.scale - of.effort * np.log(10))
    size = 1 + max(of.output_product.max(), of.input_product.max())
    prices = np.random.default_rng(3).uniform(1, 9, size)
    np.testing.assert_allclose(
        dearer.levels(prices * 10)[0], of.levels(prices)[0], rtol=1e-9
    )


def test_limits_say_where_a_plan_line_begins_and_ends():
    limits = Limits(
        integers(0), integers(0), np.array([8.0]), np.ones(1), 3 * np.ones(1)
    )
    wanted = [float(limits.wanted(np.array([p]))[0]) for p in (0.5, 1, 2, 2.5, 3, 9)]
    assert wanted == pytest.approx([8, 8, 4, 2, 0, 0])


def test_offers_begin_at_their_least_price():
    offers = Offers(
        integers(0), integers(0), np.array([8.0]), np.ones(1), 3 * np.ones(1)
    )
    made = [float(offers.made(np.array([p]))[0]) for p in (0.5, 1, 2, 2.5, 3, 9)]
    assert made == pytest.approx([0, 0, 4, 6, 8, 8])


def read_off(schedules: Schedules, line: int, price: float, *, is_plan: bool) -> float:
    # The meaning that streams/market/answers.py gives to points.
    of_line = schedules.line == line
    price_at, quantity_at = schedules.price[of_line], schedules.quantity[of_line]
    if is_plan and price > price_at[-1]:
        return 0.0
    if not is_plan and price < price_at[0]:
        return 0.0
    return float(np.interp(price, price_at, quantity_at))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_says_what_the_bidder_then_answers(kind):
    economy = draw_economy(7, kind, 12).replaced(with_schedules=True)
    prices = economy.clearing_prices
    said = economy.answer(prices)
    for product in range(12):
        for factor in SCHEDULE_FACTORS:
            other = prices.copy()
            other[product] *= factor
            then = economy.answer(other)
            for lines, now, is_plan in (
                (said.bids, then.bids, False),
                (said.plans, then.plans, True),
            ):
                stated = np.unique(lines.schedules.line)
                for line in stated[lines.product[stated] == product]:
                    assert read_off(
                        lines.schedules, line, other[product], is_plan=is_plan
                    ) == pytest.approx(now.quantity[line], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("elasticity", [None, 0.5, 1.0, 2.5])
def test_a_schedule_knows_that_a_dearer_product_is_a_dearer_input_too(elasticity):
    of = process(input_product=integers(1, 0))
    if elasticity is not None:
        of = of._replace(
            elasticity=np.array([elasticity]), input_usual_price=np.array([2.0, 7.0])
        )
    said = of.made_at(PRICES, np.array([0.5, 1.0, 3.0]))[0]
    then = [of.levels(PRICES * [factor, 1, 1])[0][0] for factor in (0.5, 1.0, 3.0)]
    np.testing.assert_allclose(said, then)


def test_limits_are_stated_and_nothing_else_unless_schedules_are_asked_for():
    economy = draw_economy(7, "mixed")
    prices = economy.start_prices
    parts = economy.parts
    said = economy.answer(prices)
    assert len(said.plans.schedules.line) == 2 * len(parts.limits.most)
    assert len(said.bids.schedules.line) == 2 * len(parts.offers.most)
    silent = economy.replaced(with_limits=False).answer(prices)
    assert not len(silent.plans.schedules.line) + len(silent.bids.schedules.line)
    full = economy.replaced(with_schedules=True).answer(prices)
    assert set(full.plans.schedules.line) == set(range(len(full.plans.product)))
    assert set(full.bids.schedules.line) == set(
        np.flatnonzero(~full.bids.is_fixed).tolist()
    )


def test_what_comes_together_shares_its_inputs_by_what_it_earns():
    economy = draw_economy(3, "ces")
    processes = economy.parts.processes
    prices = economy.clearing_prices
    answers = economy.answer(prices)
    outputs = np.bincount(processes.output_process)
    joint = int(np.argmax(outputs))
    assert outputs[joint] > 1
    bids = np.flatnonzero(processes.output_process == joint)
    earned = (answers.bids.quantity * prices[answers.bids.product])[bids]
    for product in processes.input_product[processes.input_process == joint]:
        needed = [
            answers.inputs.quantity[
                (answers.inputs.bid == bid) & (answers.inputs.product == product)
            ].sum()
            for bid in bids
        ]
        np.testing.assert_allclose(needed / sum(needed), earned / earned.sum())
