"""The price rule in the loop: from the answers to prices that clear."""

import numpy as np
import pytest

from parfeed.economy.councils import economy_of
from parfeed.economy.economy import Bidders
from parfeed.economy.reading import read_councils
from parfeed.economy.troubles import Hiding
from streams.market.answers import (
    Floats,
    Round,
    demand_of,
    imbalance_percent,
    supply_of,
)
from streams.market.price_rule.rule import announce


@pytest.fixture(scope="module")
def councils():
    return economy_of(read_councils())


def worst_of(bidders: Bidders, prices: Floats, rounds: int) -> list[float]:
    """The worst imbalance of each round, until it is under 1 %."""
    played: list[Round] = []
    worst = []
    for _ in range(rounds):
        answers = bidders.answer(prices)
        played.append(Round(prices, answers))
        percent = imbalance_percent(supply_of(answers), demand_of(answers))
        worst.append(float(np.abs(percent)[bidders.tradable].max()))
        if worst[-1] < 1:
            break
        prices = announce(played).prices
    return worst


@pytest.mark.parametrize("price", [700, 7, 70_000])
def test_councils_clear_in_three_rounds_wherever_they_start(councils, price):
    worst = worst_of(councils, np.full(50, float(price)), 3)
    assert worst[-1] < 1
    assert len(worst) == 3


def test_councils_that_show_sums_alone_clear_in_eight(councils):
    worst = worst_of(Hiding(councils), councils.start_prices, 8)
    assert min(worst) < 3
