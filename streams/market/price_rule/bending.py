"""
PURE. What earlier rounds say of ln(D/S) that the model does not, as a straight line.

The model meets the newest answers. Where it missed earlier ones, somebody answers
otherwise than they say, or is hidden; the least straight line in ln p that would have
met those too is added to it. Near rounds count for more: far ones are missed because
nothing is straight so far.
"""

from typing import Final

import numpy as np

from streams.market.answers import Flags, Floats
from streams.market.price_rule.book import Book, log_ratio
from streams.market.price_rule.clearing import Bend
from streams.market.price_rule.model import Model, forecast

NEAR: Final = 0.3
"""The distance in ln p, as a root mean square, at which a round counts half."""

_SMALL: Final = 1e-6
"""Square of steps that tell nothing: what is missed there is chance."""


def bend_of(book: Book, model: Model, is_free: Flags) -> Bend:
    """Return what the rounds of a book add to its model."""
    size = book.products
    said = forecast(model, book.log_prices[-1])
    newest = log_ratio(book.supply[-1], book.demand[-1])
    newest = newest - log_ratio(said.supply, said.demand)
    steps, missed = [], []
    for number in range(book.rounds - 1):
        dx = np.where(is_free, book.log_prices[number] - book.log_prices[-1], 0.0)
        said = forecast(model, book.log_prices[number])
        ratio = log_ratio(book.supply[number], book.demand[number])
        miss = ratio - log_ratio(said.supply, said.demand) - newest
        weight = 1 / (1 + np.mean(dx**2) / NEAR**2)
        steps.append(weight * dx)
        missed.append(weight * np.where(is_free, miss, 0.0))
    left: Floats = np.array(missed).reshape(-1, size).T
    a = np.array(steps).reshape(-1, size)
    square = a @ a.T
    right: Floats = np.linalg.solve(square + _SMALL * np.eye(len(a)), a)
    return Bend(left, right)
