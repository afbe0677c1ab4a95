"""The line through the rounds' sums."""

import numpy as np
import pytest
from support.small_market import round_of

from streams.market.price_rule.book import keyed, open_book
from streams.market.price_rule.sums import LEVEL_STEP, STEP, Line, straight

SLOPES = np.array([[-4.0, 1.0, 0.5], [2.0, -5.0, 0.5], [0.3, 0.6, -3.0]])
CLEARING = np.array([0.3, -0.2, 0.1])


def answered(x: np.ndarray):
    """Sums of a market that is straight in logarithms."""
    ratio = SLOPES @ (x - CLEARING)
    return round_of(np.exp(x), hidden_supply=[1.0] * 3, hidden_demand=np.exp(ratio))


def line_through(*points: np.ndarray) -> Line:
    book = open_book(keyed([answered(np.array(x)) for x in points]))
    return straight(book, np.ones(3, bool))


def test_before_a_second_round_levels_move_farther_than_prices_apart():
    line = line_through(np.zeros(3))
    ratio = line.log_ratio
    level = ratio.mean()
    expected = STEP * (ratio - level) + LEVEL_STEP * level
    assert line.step() == pytest.approx(expected)


def test_the_line_passes_through_all_rounds():
    points = [np.zeros(3), np.array([0.1, 0, 0]), np.array([0.1, 0.2, -0.1])]
    line = line_through(*points)
    for x in points:
        assert line.forecast(x) == pytest.approx(SLOPES @ (x - CLEARING), abs=1e-6)


def test_what_as_many_rounds_as_products_tell_is_all_there_is():
    points = [np.zeros(3), *(0.1 * np.eye(3))]
    line = line_through(*points)
    found = line.log_prices + line.step()
    assert found == pytest.approx(CLEARING, abs=1e-6)


def test_the_step_leads_to_where_the_line_is_0():
    line = line_through(np.zeros(3), np.array([0.1, 0, 0]))
    assert line.forecast(line.log_prices + line.step()) == pytest.approx(
        np.zeros(3), abs=1e-9
    )
