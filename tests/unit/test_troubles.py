"""Each trouble does what it says to the answers, and nothing else."""

import numpy as np
import pytest

from parfeed.economy.drawing import draw_economy
from parfeed.economy.returns import with_increasing_returns
from parfeed.economy.solving import NotSolved, clearing_prices
from parfeed.economy.troubles import (
    Dominated,
    Hiding,
    Late,
    Lying,
    Noisy,
    Swapping,
    Trouble,
    WithoutMakers,
    WithoutWanters,
)
from streams.market.answers import demand_of, imbalance_percent, supply_of


@pytest.fixture(scope="module")
def economy():
    return draw_economy(11, "mixed").replaced(with_schedules=True)


@pytest.fixture(scope="module")
def product(economy):
    return int(np.argmax(np.bincount(economy.parts.processes.output_product)))


def sums(answers):
    return supply_of(answers), demand_of(answers)


def assert_same(some, others):
    for a, b in zip(some.bids[:3], others.bids[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(some.inputs, others.inputs, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(some.plans[:3], others.plans[:3], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_trouble_knows_the_economy_it_is_around(economy):
    trouble = Trouble(economy)
    assert trouble.names == economy.names
    assert trouble.start_prices is economy.start_prices
    assert trouble.clearing_prices is economy.clearing_prices
    assert trouble.tradable is economy.tradable
    prices = economy.start_prices
    assert_same(trouble.answer(prices), economy.answer(prices))


def test_noise_is_anew_in_every_round_and_of_the_size_asked_for(economy):
    prices = economy.clearing_prices
    noisy = Noisy(economy, 0.1, seed=1)
    plain = economy.answer(prices)
    first, second = noisy.answer(prices), noisy.answer(prices)
    some = plain.plans.quantity > 0
    factors = first.plans.quantity[some] / plain.plans.quantity[some]
    assert factors.std() == pytest.approx(0.1, rel=0.1)
    assert factors.mean() == pytest.approx(1, abs=0.02)
    assert not np.array_equal(first.plans.quantity, second.plans.quantity)
    again = Noisy(economy, 0.1, seed=1)
    assert_same(again.answer(prices), first)


def test_what_is_simply_there_is_never_noisy(economy):
    prices = economy.clearing_prices
    plain, noisy = economy.answer(prices).bids, Noisy(economy).answer(prices).bids
    fixed = plain.is_fixed
    np.testing.assert_array_equal(noisy.quantity[fixed], plain.quantity[fixed])
    assert (noisy.quantity != plain.quantity)[~fixed & (plain.quantity > 0)].all()


def test_a_noisy_line_and_its_schedule_are_off_by_the_same(economy):
    prices = economy.clearing_prices
    plain, noisy = economy.answer(prices).plans, Noisy(economy).answer(prices).plans
    line = plain.schedules.line
    some = (plain.quantity[line] > 0) & (plain.schedules.quantity > 0)
    np.testing.assert_allclose(
        (noisy.schedules.quantity / np.where(some, plain.schedules.quantity, 1))[some],
        (noisy.quantity / np.where(plain.quantity > 0, plain.quantity, 1))[line][some],
    )


def test_a_product_that_nobody_makes_has_no_bid_and_its_makers_need_nothing(
    economy, product
):
    prices = economy.clearing_prices
    plain, without = economy.answer(prices), WithoutMakers(economy, product)
    answers = without.answer(prices)
    assert product not in answers.bids.product
    assert supply_of(answers)[product] == 0
    others = np.arange(len(economy.names)) != product
    np.testing.assert_allclose(supply_of(answers)[others], supply_of(plain)[others])
    # Inputs still belong to the bids they belonged to.
    before = plain.bids.company[plain.inputs.bid]
    stays = plain.bids.product[plain.inputs.bid] != product
    np.testing.assert_array_equal(
        answers.bids.company[answers.inputs.bid], before[stays]
    )
    np.testing.assert_array_equal(without.tradable, economy.tradable & others)
    stated = answers.bids.schedules.line
    assert answers.bids.is_fixed[stated].sum() == 0
    np.testing.assert_array_equal(
        np.unique(stated), np.flatnonzero(~answers.bids.is_fixed)
    )


def test_a_product_that_nobody_wants_has_supply_alone(economy, product):
    prices = economy.clearing_prices
    without = WithoutWanters(economy, product)
    answers, plain = without.answer(prices), economy.answer(prices)
    assert demand_of(answers)[product] == 0
    np.testing.assert_allclose(supply_of(answers), supply_of(plain))
    others = np.arange(len(economy.names)) != product
    np.testing.assert_allclose(demand_of(answers)[others], demand_of(plain)[others])
    np.testing.assert_array_equal(without.tradable, economy.tradable & others)


def test_the_largest_maker_gets_its_share_and_the_whole_stays(economy, product):
    prices = economy.clearing_prices
    dominated = Dominated(economy, product, 0.9).answer(prices)
    np.testing.assert_allclose(
        supply_of(dominated), supply_of(economy.answer(prices)), rtol=1e-12
    )
    made = dominated.bids.quantity[dominated.bids.product == product]
    assert made.max() / made.sum() == pytest.approx(0.9)


def test_one_maker_alone_cannot_come_to_dominate(economy):
    fixed = int(economy.parts.endowments.product[0])
    with pytest.raises(ValueError, match="two makers or more"):
        Dominated(economy, fixed)


def test_late_bidders_answer_to_the_prices_of_two_rounds_before(economy):
    late = Late(economy, rounds=2, share=1.0)
    announced = [economy.start_prices * factor for factor in (1, 1.1, 1.3, 0.9)]
    came = [late.answer(prices) for prices in announced]
    for number, answered in ((0, 0), (1, 0), (2, 0), (3, 1)):
        assert_same(came[number], economy.answer(announced[answered]))


def test_a_fifth_is_late_and_the_others_are_not(economy):
    late = Late(economy, share=0.2)
    first, second = economy.start_prices, economy.clearing_prices
    late.answer(first)
    came = late.answer(second).plans
    old, new = economy.answer(first).plans, economy.answer(second).plans
    is_old, is_new = came.quantity == old.quantity, came.quantity == new.quantity
    assert (is_old | is_new).all()
    differs = old.quantity != new.quantity
    assert 0.1 < (is_old & differs).sum() / differs.sum() < 0.35
    np.testing.assert_array_equal(
        came.schedules.price[
            is_old[came.schedules.line] & differs[came.schedules.line]
        ],
        old.schedules.price[is_old[came.schedules.line] & differs[came.schedules.line]],
    )


def test_liars_state_other_inputs_and_true_outputs_the_same_way_every_round(economy):
    prices = economy.clearing_prices
    lying = Lying(economy, share=0.2, most=3)
    plain, first, second = (who.answer(prices) for who in (economy, lying, lying))
    assert_same(first, second)
    np.testing.assert_array_equal(first.bids.quantity, plain.bids.quantity)
    used = plain.inputs.quantity > 0
    factors = first.inputs.quantity[used] / plain.inputs.quantity[used]
    assert 0.05 < (factors != 1).mean() < 0.4
    assert factors.min() >= 1 / 3 - 1e-9
    assert factors.max() <= 3 + 1e-9


def test_those_who_swap_inputs_leave_the_sums_true(economy):
    prices = economy.clearing_prices
    plain, swapped = economy.answer(prices), Swapping(economy).answer(prices)
    np.testing.assert_allclose(sums(swapped), sums(plain), rtol=1e-12)
    changed = swapped.inputs.quantity != plain.inputs.quantity
    assert 0.05 < changed.mean() < 0.4


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_what_is_hidden_is_in_the_sums(economy, share):
    prices = economy.clearing_prices
    plain, hiding = economy.answer(prices), Hiding(economy, share)
    seen = hiding.answer(prices)
    np.testing.assert_allclose(sums(seen), sums(plain), rtol=1e-12)
    assert len(seen.plans.product) < len(plain.plans.product)
    assert (seen.hidden_supply > 0).any()
    if share == 1:
        assert len(seen.bids.product) == len(seen.inputs.bid) == 0
        assert len(seen.plans.product) == len(seen.plans.schedules.line) == 0


def test_troubles_compose(economy, product):
    troubles = Hiding(Noisy(Late(Swapping(Dominated(economy, product)))), 0.5)
    for prices in (economy.start_prices, economy.clearing_prices):
        answers = troubles.answer(prices)
        assert np.isfinite(sums(answers)).all()
    without = WithoutMakers(troubles, product).answer(economy.clearing_prices)
    assert product not in without.bids.product


@pytest.mark.parametrize("with_capacity", [True, False])
def test_a_fifth_of_the_processes_gets_increasing_returns(economy, with_capacity):
    changed = with_increasing_returns(economy, 0.2, with_capacity=with_capacity)
    exponents = changed.parts.processes.exponents()
    rising = exponents > 1
    assert 0.1 < rising.mean() < 0.3
    before = economy.parts.processes
    np.testing.assert_array_equal(exponents[~rising], before.exponents()[~rising])
    assert np.isfinite(changed.parts.processes.capacity[rising]).all() == with_capacity
    prices = economy.clearing_prices
    made, was = (of.levels(prices)[0] for of in (changed.parts.processes, before))
    np.testing.assert_allclose(made[~rising], was[~rising])
    if with_capacity:
        # All or nothing, and most find that it pays.
        full = made[rising] > 0
        assert 0.5 < full.mean() < 1
        assert (made[rising][full] >= was[rising][full] * (1 - 1e-9)).all()
    else:
        np.testing.assert_allclose(made[rising], was[rising])


def test_prices_that_clear_are_found():
    of = draw_economy(2, "ces", 12)
    started_close = of.replaced(start_prices=of.clearing_prices * 1.5)
    answers = of.answer(clearing_prices(started_close))
    assert np.abs(imbalance_percent(*sums(answers))).max() < 1e-6


def test_an_economy_that_cannot_clear_is_not_solved():
    of = draw_economy(2, "cobb_douglas", 12)
    jumps = with_increasing_returns(of, 1.0)
    with pytest.raises(NotSolved, match="no prices clear from here"):
        clearing_prices(jumps)
