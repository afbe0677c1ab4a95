"""
PURE. The published price rule, to be held against ours.

Of each product by itself, from its imbalance v = |2 (S - D) / (S + D)| and how it was
before (docs/performance.md says where it comes from):

    cap = 1.05 - 0.5 ** v,  step = max(0.001, min(cap, cap lag)),  lag' = min(0.25, v)
    p' = p (1 - step) where supply is larger, otherwise p (1 + step)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.market.answers import (
    Floats,
    Round,
    demand_of,
    imbalance_percent,
    supply_of,
)

_FIRST_LAG = 0.25


class Published(NamedTuple):
    """What the rule announces."""

    prices: Floats


def announce(rounds: Sequence[Round]) -> Published:
    """Return the prices of the next round."""
    newest = _imbalance(rounds[-1])
    lag = np.full(len(newest), _FIRST_LAG)
    if len(rounds) > 1:
        lag = np.minimum(_FIRST_LAG, np.abs(_imbalance(rounds[-2])))
    v = np.abs(newest)
    cap = 1.05 - 0.5**v
    step = np.maximum(0.001, np.minimum(cap, cap * lag))
    return Published(rounds[-1].prices * (1 - np.sign(newest) * step))


def _imbalance(of: Round) -> Floats:
    answers = of.answers
    return imbalance_percent(supply_of(answers), demand_of(answers)) / 100
