"""The line through the rounds' sums."""

import numpy as np
import pytest
from support.small_market import round_of

from streams.market.price_rule.book import keyed, open_book
from streams.market.price_rule.sums import (
    LEAST_OWN,
    LEVEL,
    LEVELS,
    MADE_LEVEL,
    OWN,
    STILL_LEVEL,
    STILL_OWN,
    Line,
    straight,
)

SLOPES = np.array([[-4.0, 1.0, 2.4], [2.0, -5.0, 2.3], [0.3, 1.6, -3.0]])
CLEARING = np.array([0.3, -0.2, 0.1])


def answered(x: np.ndarray, slopes: np.ndarray = SLOPES, elastic: float = 1.0):
    """Sums of a market that is straight in logarithms."""
    ratio = slopes @ (x - CLEARING)
    supply = np.exp(elastic * x)
    return round_of(
        np.exp(x), hidden_supply=supply, hidden_demand=supply * np.exp(ratio)
    )


def line_through(*points: np.ndarray, **market) -> Line:
    book = open_book(keyed([answered(np.array(x), **market) for x in points]))
    return straight(book, np.ones(3, bool))


def test_before_a_second_round_levels_move_farther_than_prices_apart():
    line = line_through(np.zeros(3))
    step, ratio = line.step(), line.log_ratio
    assert step.mean() == pytest.approx(ratio.mean() / LEVEL)
    apart = (ratio - ratio.mean()) / OWN
    told = (step - step.mean()) / apart
    assert told == pytest.approx(told.mean())
    assert 0.9 < told.mean() <= 1


def test_a_level_far_off_leaves_prices_apart_where_they_are():
    # Half of the products are wanted by budgets, whose demand falls with the level.
    by_budgets = np.array([[-1.2, 0, 0], [0, -1.2, 0], [0, 0, -0.01]])
    line = line_through(np.full(3, -4.6), slopes=by_budgets)
    step = line.step()
    assert step.mean() > 2
    assert np.abs(step - step.mean()).max() < 0.1


def test_the_line_passes_close_to_near_rounds():
    points = [np.zeros(3), np.array([0.1, 0, 0]), np.array([0.1, 0.2, -0.1])]
    line = line_through(*points)
    for x in points:
        assert line.forecast(x) == pytest.approx(SLOPES @ (x - CLEARING), abs=0.01)


def test_as_many_near_rounds_as_products_tell_nearly_all_there_is():
    points = [np.zeros(3), *(0.1 * np.eye(3))]
    line = line_through(*points)
    found = line.log_prices + line.step()
    assert found == pytest.approx(CLEARING, abs=0.01)


def test_a_round_from_far_away_counts_for_less():
    near = line_through(np.array([0.1, 0, 0]), np.zeros(3))
    far = line_through(np.array([4.0, 0, 0]), np.zeros(3))
    true, x = (SLOPES @ (np.array([0.1, 0, 0]) - CLEARING))[0], np.array([0.1, 0, 0])
    flat = 3 * SLOPES
    crooked = line_through(np.array([2.0, 0, 0]), np.zeros(3), slopes=flat)
    expected = line_through(np.zeros(3))
    assert abs(near.forecast(x)[0] - true) < 0.01
    # Three times as steep, said by a round two units away: not believed in full.
    told = (crooked.forecast(x) - crooked.log_ratio)[0]
    guessed = (expected.forecast(x) - expected.log_ratio)[0]
    assert 3 * -0.4 < told < guessed
    assert np.isfinite(far.step()).all()


def test_the_step_leads_to_where_the_line_is_0():
    line = line_through(np.zeros(3), np.array([0.1, 0, 0]))
    assert line.forecast(line.log_prices + line.step()) == pytest.approx(
        np.zeros(3), abs=1e-9
    )


def test_a_supply_that_stood_still_is_expected_to_be_fixed():
    own, level = np.array([OWN, OWN, STILL_OWN]), np.array([MADE_LEVEL] * 3)
    level[2] = STILL_LEVEL
    x = np.array([0.0, 0.0, 0.1])
    # Demand that surprises nobody who expects just that.
    ratio = -own * x + (own - level) * x.mean()
    supply = np.array([1.0, 2.0, 1.0])
    first = round_of(np.ones(3), hidden_supply=[1.0] * 3, hidden_demand=[1.0] * 3)
    then = round_of(
        np.exp(x), hidden_supply=supply, hidden_demand=supply * np.exp(ratio)
    )
    book = open_book(keyed([first, then]))
    line = straight(book, np.ones(3, bool))
    # The first price never moved, so nobody knows whether its supply would.
    by_level = line.own + line.left @ (line.right @ np.ones(3))
    assert -line.own == pytest.approx(own)
    assert -by_level == pytest.approx(level)


def test_no_slope_is_learnt_that_nobody_could_have():
    # Demand that rises with the own price, and with all of them.
    wild = np.array([[3.0, 0, 0], [0, 2.0, 0], [0, 0, -9.0]])
    line = line_through(
        np.array([0.2, 0.1, 0.3]), np.array([0.1, 0.3, 0.2]), np.zeros(3), slopes=wild
    )
    assert (line.own <= -LEAST_OWN).all()
    by_level = line.own + line.left @ (line.right @ np.ones(3))
    assert by_level.min() >= LEVELS[0] - 1e-9
    assert by_level.max() <= LEVELS[1] + 1e-9


def test_a_line_over_no_product_stays():
    book = open_book(keyed([answered(np.zeros(3)), answered(np.full(3, 0.1))]))
    line = straight(book, np.zeros(3, bool))
    assert not line.step().any()
    assert not line.forecast(np.ones(3)).any()
