"""
PURE. Prices at which an economy clears, found with no regard to rounds.

What a board cannot do, asking thousands of times, a measurement may: it tells how far
a rule is from the end. Newton's method on logarithms, with differences for slopes.
"""

from typing import Final

import numpy as np

from parfeed.economy.economy import Bidders
from streams.market.answers import Floats, demand_of, supply_of

_DIFFERENCE: Final = 1e-6
"""In a price's logarithm: halves of a float's digits lie on either side."""

_LONGEST_STEP: Final = 1.0
"""In a price's logarithm, while far from the end."""

_MOST_STEPS: Final = 200

_LEAST: Final = 1e-30
"""What stands for no quantity at all where its logarithm is asked for."""


class NotSolved(ArithmeticError):
    """No prices were found; the economy may not clear, or not from where it starts."""


def clearing_prices(bidders: Bidders, tolerance: float = 1e-9) -> Floats:
    """
    Return prices at which every product that can be traded clears.

    Args:
        bidders: who answer the same to the same prices.
        tolerance: of ln(demand / supply).

    Raises:
        NotSolved: if none were found.
    """
    at = np.flatnonzero(bidders.tradable)
    x = np.log(bidders.start_prices)
    worst = np.inf
    for _ in range(_MOST_STEPS):
        excess = _excess(bidders, x)[at]
        worst = np.abs(excess).max()
        if worst < tolerance:
            return np.exp(x)
        slopes = np.empty((len(at), len(at)))
        for column, product in enumerate(at):
            aside = x.copy()
            aside[product] += _DIFFERENCE
            slopes[:, column] = (_excess(bidders, aside)[at] - excess) / _DIFFERENCE
        step, *_ = np.linalg.lstsq(slopes, -excess)
        longest = np.abs(step).max()
        if not longest:
            break
        x[at] += step * min(1, _LONGEST_STEP / longest)
    raise NotSolved(f"no prices clear from here: the worst ln(D / S) was {worst:.3g}")


def _excess(bidders: Bidders, x: Floats) -> Floats:
    answers = bidders.answer(np.exp(x))
    supply, demand = supply_of(answers), demand_of(answers)
    log_supply, log_demand = (np.log(np.maximum(of, _LEAST)) for of in (supply, demand))
    return np.where(bidders.tradable, log_demand - log_supply, 0.0)
