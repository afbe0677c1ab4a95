"""The price rule in the loop: from the answers to prices that clear."""

import numpy as np
import pytest
from support.small_market import round_of

from parfeed.economy.councils import economy_of
from parfeed.economy.drawing import KINDS, draw_economy
from parfeed.economy.economy import Bidders
from parfeed.economy.reading import read_councils
from parfeed.economy.returns import with_increasing_returns
from parfeed.economy.troubles import (
    Dominated,
    Hiding,
    Late,
    Lying,
    Noisy,
    WithoutMakers,
    WithoutWanters,
)
from streams.market.answers import (
    Floats,
    Round,
    demand_of,
    imbalance_percent,
    supply_of,
)
from streams.market.price_rule.limits import DEFAULT_LIMITS, Limits
from streams.market.price_rule.rule import Announcement, announce
from streams.market.price_rule.sums import OWN


@pytest.fixture(scope="module")
def councils():
    return economy_of(read_councils())


def played(
    bidders: Bidders, prices: Floats, rounds: int, until: float = 1.0
) -> tuple[list[float], list[Announcement]]:
    """The worst imbalance of each round, and what was announced after it."""
    so_far: list[Round] = []
    worst: list[float] = []
    announced: list[Announcement] = []
    for _ in range(rounds):
        answers = bidders.answer(prices)
        so_far.append(Round(prices, answers))
        percent = imbalance_percent(supply_of(answers), demand_of(answers))
        worst.append(float(np.abs(percent)[bidders.tradable].max()))
        if worst[-1] < until:
            break
        announced.append(announce(so_far))
        prices = announced[-1].prices
    return worst, announced


@pytest.mark.parametrize("price", [700, 7, 70_000])
def test_councils_clear_in_three_rounds_wherever_they_start(councils, price):
    worst, announced = played(councils, np.full(50, float(price)), 3)
    assert len(worst) == 3
    assert worst[-1] < 1
    assert {said.method for said in announced} == {"shares"}


@pytest.mark.parametrize("price", [700, 7, 70_000])
def test_councils_that_show_sums_alone_clear_in_eight_rounds(councils, price):
    worst, announced = played(Hiding(councils), np.full(50, float(price)), 8, 3)
    assert worst[-1] < 3
    assert announced[0].method == "sums"


def test_sums_are_followed_twice_as_far_as_long_as_they_come_true():
    # A market that is just what is expected of sums, far from clearing.
    clearing = np.array([1.9, -1.9, 1.9, -1.9])
    x, so_far, steps = np.zeros(4), [], []
    for _ in range(3):
        ratio = -OWN * (x - clearing)
        supply = np.exp(x)
        so_far.append(
            round_of(
                np.exp(x), hidden_supply=supply, hidden_demand=supply * np.exp(ratio)
            )
        )
        found = np.log(announce(so_far).prices)
        steps.append(np.abs(found - x).max())
        x = found
    least = DEFAULT_LIMITS.groping_step
    assert steps == pytest.approx([least, 2 * least, 1.9 - 3 * least], rel=1e-3)


def test_councils_with_schedules_clear_in_two_rounds(councils):
    stating = councils.replaced(with_schedules=True)
    worst, _ = played(stating, councils.start_prices, 2, 3)
    assert worst[-1] < 3


def test_noise_on_every_line_is_averaged_out_of_the_prices(councils):
    noisy = Noisy(councils, seed=4)
    _, announced = played(noisy, councils.start_prices, 6, 0)
    answers = councils.answer(announced[-1].prices)
    percent = imbalance_percent(supply_of(answers), demand_of(answers))
    # One draw of the noise alone makes 4 to 9 % at prices that clear.
    assert np.abs(percent).max() < 5


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_economies_clear_up_to_a_hundred_times_off(kind):
    economy = draw_economy(11, kind, products=30)
    worst, _ = played(economy, economy.start_prices, 6, 3)
    assert worst[-1] < 3


def test_a_product_that_nobody_makes_keeps_its_price_and_is_flagged():
    economy = draw_economy(12, "cobb_douglas", products=20)
    product = int(economy.parts.processes.output_product[0])
    worst, announced = played(
        WithoutMakers(economy, product), economy.start_prices, 8, 3
    )
    assert worst[-1] < 3
    for said in announced:
        assert said.prices[product] == pytest.approx(economy.start_prices[product])
        assert said.no_bid[product]


def test_a_product_that_nobody_wants_keeps_its_price_and_is_flagged():
    economy = draw_economy(12, "cobb_douglas", products=20)
    product = int(economy.parts.processes.output_product[0])
    worst, announced = played(
        WithoutWanters(economy, product), economy.start_prices, 8, 3
    )
    assert worst[-1] < 3
    for said in announced:
        assert said.prices[product] == pytest.approx(economy.start_prices[product])
        assert said.no_demand[product]


def test_a_market_that_one_bidder_dominates_clears():
    economy = draw_economy(12, "mixed", products=20)
    made = np.bincount(economy.parts.processes.output_product)
    worst, _ = played(
        Dominated(economy, int(made.argmax())), economy.start_prices, 8, 3
    )
    assert worst[-1] < 3


def test_companies_that_lie_about_their_inputs_are_seen_through():
    economy = draw_economy(12, "ces", products=20)
    worst, _ = played(Lying(economy), economy.start_prices, 8, 3)
    assert worst[-1] < 3


def test_bidders_two_rounds_late_make_no_price_run_away():
    economy = draw_economy(12, "ces", products=20)
    _, announced = played(Late(economy), economy.start_prices, 14, 3)
    for said in announced:
        assert np.abs(np.log(said.prices / economy.start_prices)).max() < 9.001


@pytest.mark.parametrize("with_capacity", [True, False])
def test_increasing_returns_clear_or_raise_the_alarm_and_never_run_away(with_capacity):
    economy = with_increasing_returns(
        draw_economy(12, "ces", products=20), with_capacity=with_capacity
    )
    worst, announced = played(economy, economy.start_prices, 14, 3)
    assert worst[-1] < 3 or any(said.alarm for said in announced)
    for said in announced:
        assert np.abs(np.log(said.prices / economy.start_prices)).max() < 9.001


def test_what_is_forecast_comes_where_bids_say_all(councils):
    answers = councils.answer(councils.start_prices)
    rounds = [Round(councils.start_prices, answers)]
    for _ in range(2):
        said = announce(rounds)
        answers = councils.answer(said.prices)
        rounds.append(Round(said.prices, answers))
    came = imbalance_percent(supply_of(answers), demand_of(answers))
    assert came == pytest.approx(said.forecast_percent, abs=0.1)


def test_bidders_that_come_and_go_are_taken_as_they_are(councils):
    full = councils.answer(councils.start_prices)
    # Every seventh consumer's line is missing in the first round.
    plans = full.plans
    there = np.arange(len(plans.product)) % 7 > 0
    part = full._replace(
        plans=plans._replace(
            consumer=plans.consumer[there],
            product=plans.product[there],
            quantity=plans.quantity[there],
        )
    )
    said = announce([Round(councils.start_prices, part)])
    rounds = [
        Round(councils.start_prices, part),
        Round(said.prices, councils.answer(said.prices)),
    ]
    said = announce(rounds)
    answers = councils.answer(said.prices)
    percent = imbalance_percent(supply_of(answers), demand_of(answers))
    assert np.abs(percent).max() < 3


def test_a_single_round_may_go_as_far_as_its_limit_and_no_farther():
    round_ = round_of([1.0], bids=[(0, 0, 1e9)], fixed=[0], plans=[(0, 0, 1.0)])
    said = announce([round_], Limits(first_step=2.0))
    assert said.prices[0] == pytest.approx(np.exp(-2.0))


def test_there_must_be_a_round():
    with pytest.raises(ValueError, match="were 0"):
        announce([])


def test_rounds_must_have_the_same_products():
    with pytest.raises(ValueError, match=r"had \[1, 2\]"):
        announce([round_of([1.0]), round_of([1.0, 2.0])])
