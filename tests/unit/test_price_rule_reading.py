"""What is read off rounds: shares, elasticities, responses, processes, limits."""

import numpy as np
import pytest
from support.small_market import round_of

from streams.market.price_rule.bending import bend_of
from streams.market.price_rule.book import keyed, open_book
from streams.market.price_rule.model import Model, forecast
from streams.market.price_rule.processes import processes
from streams.market.price_rule.reading import read


def model_of(*rounds) -> Model:
    return read(open_book(keyed(rounds)))


def budget(prices, elasticity: float, income: float = 100.0):
    """A consumer's lines for two products, weighted 1 and 3."""
    p = np.array(prices)
    worth = np.array([1.0, 3.0]) * p ** (1 - elasticity)
    return [(0, n, income * worth[n] / worth.sum() / p[n]) for n in range(2)]


def process(prices, *, b: float = 0.6, effort: float = 0.1, capacity: float = np.inf):
    """A company that makes product 0 of product 1."""
    p, w = prices
    scale = 0.3
    free = (scale + b * np.log(b * p / w) + effort * np.log(p)) / (1 - b - effort)
    q = min(np.exp(free), capacity)
    if q < capacity:
        x = b * p * q / w
    else:
        # At least cost: effort is spent in proportion to its exponent.
        spent = np.exp((np.log(q) - scale - b * np.log(b / w)) / (b + effort))
        x = b * spent / w
    return {"bids": [(0, 0, q)], "inputs": [(0, 1, x)]}


def test_one_round_reads_a_budget_as_constant_shares():
    model = model_of(round_of([1.0, 1.0], plans=[(0, 0, 10.0), (0, 1, 30.0)]))
    said = forecast(model, np.log([2.0, 1.0]))
    assert said.demand == pytest.approx([5.0, 30.0], rel=1e-4)


@pytest.mark.parametrize("elasticity", [0.5, 1.0, 1.5, 2.5])
def test_a_second_round_tells_a_budgets_elasticity(elasticity):
    seen = [
        round_of(prices, plans=budget(prices, elasticity))
        for prices in ([1.0, 1.0], [2.0, 1.5])
    ]
    said = forecast(model_of(*seen), np.log([0.7, 3.0]))
    wanted = [line[2] for line in budget([0.7, 3.0], elasticity)]
    assert said.demand == pytest.approx(wanted, rel=1e-3)


def test_a_second_round_tells_what_effort_costs():
    seen = [round_of(p, **process(p)) for p in ([1.0, 1.0], [1.5, 0.8])]
    said = forecast(model_of(*seen), np.log([1.2, 2.0]))
    expected = process([1.2, 2.0])
    assert said.supply[0] == pytest.approx(expected["bids"][0][2], rel=1e-6)
    assert said.demand[1] == pytest.approx(expected["inputs"][0][2], rel=1e-6)


@pytest.mark.parametrize("seen", [([3.0, 1.0], [0.4, 1.0]), ([0.4, 1.0], [3.0, 1.0])])
def test_a_company_that_was_full_in_one_round_is_known_in_both_states(seen):
    def answered(prices):
        # Four others have room, so that what differs is no chance.
        one, free = process(prices, capacity=0.5), process(prices)
        return round_of(
            prices,
            bids=one["bids"] + [(n, 0, free["bids"][0][2]) for n in range(1, 5)],
            inputs=one["inputs"] + [(n, 1, free["inputs"][0][2]) for n in range(1, 5)],
        )

    model = model_of(*map(answered, seen))
    for prices in ([2.0, 0.5], [0.5, 1.1]):
        expected = process(prices, capacity=0.5)
        said = forecast(model, np.log(prices))
        assert said.bids[0] == pytest.approx(expected["bids"][0][2], rel=0.01)
        assert said.inputs[0] == pytest.approx(expected["inputs"][0][2], rel=0.05)


def test_a_supply_that_is_simply_there_stays_whatever_the_price():
    round_ = round_of([1.0], bids=[(0, 0, 7.0)], fixed=[0], plans=[(0, 0, 1.0)])
    said = forecast(model_of(round_), np.log([5.0]))
    assert said.supply[0] == 7.0


def test_bids_that_spend_the_same_part_on_the_same_inputs_are_one_process():
    joint = round_of(
        [1.0, 2.0, 1.0],
        bids=[(0, 0, 10.0), (0, 1, 5.0), (1, 1, 5.0)],
        inputs=[(0, 2, 4.0), (1, 2, 4.0), (2, 2, 4.0)],
    )
    found = processes(open_book(keyed([joint])))
    assert found[0] == found[1] != found[2]


def test_bids_whose_proportion_moves_are_no_process():
    lines = {"inputs": [(0, 2, 4.0), (1, 2, 4.0)]}
    rounds = [
        round_of([1.0, 1.0, 1.0], bids=[(0, 0, 8.0), (0, 1, 8.0)], **lines),
        round_of([1.0, 2.0, 1.0], bids=[(0, 0, 8.0), (0, 1, 30.0)], **lines),
    ]
    found = processes(open_book(keyed(rounds)))
    assert found[0] != found[1]


def test_what_comes_together_follows_what_it_earns_together():
    joint = {
        "bids": [(0, 0, 10.0), (0, 1, 10.0)],
        "inputs": [(0, 2, 5.0), (1, 2, 5.0)],
    }
    said = forecast(
        model_of(round_of([1.0, 1.0, 1.0], **joint)), np.log([2.0, 1.0, 1.0])
    )
    # A unit earns 3 instead of 2, at a response of 2: half as much again is made.
    assert said.supply[:2] == pytest.approx([15.0, 15.0], rel=1e-6)
    assert said.demand[2] == pytest.approx(22.5, rel=1e-6)


def test_a_schedule_without_costs_or_budget_behind_it_is_used_as_it_is():
    model = model_of(
        round_of(
            [2.0],
            bids=[(0, 0, 0.0)],
            plans=[(0, 0, 8.0)],
            bid_points={0: [(3.0, 0.0), (5.0, 10.0)]},
            plan_points={0: [(2.0, 8.0), (6.0, 0.0)]},
        )
    )
    said = forecast(model, np.log([4.0]))
    assert said.supply[0] == pytest.approx(5.0)
    assert said.demand[0] == pytest.approx(4.0)


def test_a_budgets_schedules_tell_its_elasticity_in_the_first_round():
    prices = np.array([1.0, 1.0])
    points = {
        n: [
            (f, budget([f if m == n else 1.0 for m in range(2)], 2.0)[n][2])
            for f in (0.25, 0.5, 1.0, 2.0, 4.0)
        ]
        for n in range(2)
    }
    model = model_of(round_of(prices, plans=budget(prices, 2.0), plan_points=points))
    said = forecast(model, np.log([2.0, 1.0]))
    wanted = [line[2] for line in budget([2.0, 1.0], 2.0)]
    assert said.demand == pytest.approx(wanted, rel=1e-3)


def test_a_companys_schedule_tells_its_response_in_the_first_round():
    prices = [1.0, 1.0]
    points = {
        0: [
            (f, process([f, 1.0], capacity=2.0)["bids"][0][2])
            for f in (0.25, 0.5, 1.0, 2.0, 4.0)
        ]
    }
    model = model_of(
        round_of(prices, **process(prices, capacity=2.0), bid_points=points)
    )
    within, beyond = [0.8, 1.3], [4.0, 1.0]
    made = process(within, capacity=2.0)["bids"][0][2]
    said = forecast(model, np.log(within))
    assert said.supply[0] == pytest.approx(made, rel=0.02)
    assert forecast(model, np.log(beyond)).supply[0] == pytest.approx(2.0, rel=0.02)


def test_limits_that_nobody_states_are_read_off_two_answers():
    def line(price: float):
        wish = 10.0 * np.clip((4.0 - price) / 2.0, 0, 1)
        return [(0, 0, wish), (0, 1, 5.0)]

    seen = [round_of([price, 1.0], plans=line(price)) for price in (4.5, 3.5, 2.5)]
    said = forecast(model_of(*seen), np.log([3.0, 1.0]))
    assert said.demand == pytest.approx([5.0, 5.0], rel=1e-6)


def test_sums_move_like_those_who_are_seen_in_the_same_product():
    model = model_of(
        round_of(
            [1.0, 1.0],
            plans=[(0, 0, 10.0), (0, 1, 30.0)],
            hidden_demand=[10.0, 0.0],
        )
    )
    said = forecast(model, np.log([2.0, 1.0]))
    assert said.demand == pytest.approx([10.0, 30.0], rel=1e-4)


def test_bids_that_cost_more_than_they_earn_are_taken_to_be_like_the_others():
    model = model_of(
        round_of(
            [1.0, 1.0],
            bids=[(0, 0, 10.0), (1, 0, 10.0)],
            inputs=[(0, 1, 6.0), (1, 1, 30.0)],
        )
    )
    assert model.bids.response == pytest.approx([2.5, 2.5])


def test_what_the_model_missed_is_added_to_it_along_the_way_it_came():
    # Of sums nobody is seen in, the model knows too little.
    def answered(x):
        return round_of(
            np.exp(x), hidden_supply=[1.0, 1.0], hidden_demand=np.exp([-6 * x[0], x[0]])
        )

    first, second = np.array([0.2, 0.0]), np.array([0.1, 0.0])
    book = open_book(keyed([answered(first), answered(second)]))
    model = read(book)
    bend = bend_of(book, model, np.ones(2, bool))
    for x in (first, second, np.array([-0.1, 0.0])):
        said = forecast(model, x)
        ratio = np.log(said.demand / said.supply) + bend.at(x - model.log_prices)
        assert ratio == pytest.approx([-6 * x[0], x[0]], abs=1e-3)
