"""Economies drawn at random: whatever the seed, they can clear."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parfeed.economy.drawing import KINDS, draw_economy
from streams.market.answers import demand_of, imbalance_percent, supply_of

SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_a_drawn_economy_clears_at_its_clearing_prices(seed, kind):
    economy = draw_economy(seed, kind)
    assert 10 <= len(economy.names) <= 200
    assert economy.tradable.all()
    answers = economy.answer(economy.clearing_prices)
    supply, demand = supply_of(answers), demand_of(answers)
    assert (supply > 0).all()
    assert np.abs(imbalance_percent(supply, demand)).max() < 1e-6


@given(SEEDS, st.sampled_from(KINDS))
@settings(max_examples=30, deadline=None)
def test_it_starts_up_to_100_times_off_and_every_answer_is_a_number(seed, kind):
    economy = draw_economy(seed, kind)
    off = economy.start_prices / economy.clearing_prices
    assert off.min() >= 1 / 100 - 1e-9
    assert off.max() <= 100 + 1e-9
    answers = economy.answer(economy.start_prices)
    for quantity in (
        answers.bids.quantity,
        answers.inputs.quantity,
        answers.plans.quantity,
    ):
        assert np.isfinite(quantity).all()
        assert (quantity >= 0).all()


@given(SEEDS, st.sampled_from(KINDS))
@settings(max_examples=30, deadline=None)
def test_no_line_would_replace_another_as_an_event(seed, kind):
    economy = draw_economy(seed, kind)
    answers = economy.answer(economy.start_prices)
    bids, inputs, plans = answers.bids, answers.inputs, answers.plans
    for said in (
        (bids.company, bids.product),
        (bids.company[inputs.bid], bids.product[inputs.bid], inputs.product),
        (plans.consumer, plans.product),
    ):
        assert len(np.unique(np.stack(said), axis=1).T) == len(said[0])


@given(SEEDS, st.sampled_from(KINDS), st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_schedules_never_go_the_wrong_way(seed, kind, factor):
    economy = draw_economy(seed, kind, 12).replaced(with_schedules=True)
    answers = economy.answer(economy.clearing_prices * factor)
    for schedules, way in (
        (answers.bids.schedules, 1),
        (answers.plans.schedules, -1),
    ):
        within = np.diff(schedules.line) == 0
        assert (np.diff(schedules.line) >= 0).all()
        assert (np.diff(schedules.price)[within] > 0).all()
        slack = 1e-9 * np.maximum(schedules.quantity[1:], schedules.quantity[:-1])
        assert (way * np.diff(schedules.quantity) >= -slack)[within].all()


@given(SEEDS, st.sampled_from(KINDS))
@settings(max_examples=10, deadline=None)
def test_lines_are_the_same_in_every_round(seed, kind):
    economy = draw_economy(seed, kind, 20).replaced(with_schedules=True)
    first = economy.answer(economy.start_prices)
    second = economy.answer(economy.clearing_prices)
    for a, b in (
        (first.bids.company, second.bids.company),
        (first.bids.product, second.bids.product),
        (first.bids.is_fixed, second.bids.is_fixed),
        (first.bids.schedules.line, second.bids.schedules.line),
        (first.inputs.bid, second.inputs.bid),
        (first.inputs.product, second.inputs.product),
        (first.plans.consumer, second.plans.consumer),
        (first.plans.product, second.plans.product),
        (first.plans.schedules.line, second.plans.schedules.line),
    ):
        np.testing.assert_array_equal(a, b)


def test_the_same_seed_draws_the_same_economy():
    first, again = draw_economy(4, "mixed"), draw_economy(4, "mixed")
    np.testing.assert_array_equal(first.start_prices, again.start_prices)
    np.testing.assert_array_equal(
        first.answer(first.start_prices).plans.quantity,
        again.answer(first.start_prices).plans.quantity,
    )
    assert len(draw_economy(5, "mixed").names) != len(first.names)


@pytest.mark.parametrize("products", [10, 1_000])
def test_an_economy_is_as_large_as_asked_for(products):
    economy = draw_economy(1, "mixed", products)
    assert len(economy.names) == len(economy.start_prices) == products
    assert economy.tradable.all()


def test_kinds_differ_in_how_consumers_want():
    of = {kind: draw_economy(1, kind, 30).parts for kind in KINDS}
    assert (of["cobb_douglas"].budgets.elasticity == 1).all()
    assert of["ces"].budgets.elasticity.min() >= 0.5
    assert of["ces"].budgets.elasticity.max() <= 2.5
    assert of["ces"].budgets.elasticity.std() > 0.3
    assert not len(of["limits"].budgets.income)
    assert len(of["limits"].limits.most)
    assert len(of["mixed"].budgets.income)
    assert len(of["mixed"].limits.most)
    assert of["ces_makers"].processes.elasticity.std() > 0.3
    # Several products of one company, and several together of one process.
    companies = of["ces"].processes.company
    assert len(np.unique(companies)) < len(companies)
    assert np.bincount(of["ces"].processes.output_process).max() > 1
