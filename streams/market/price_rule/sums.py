"""
PURE. What the sums alone tell: a straight line through the rounds, in logarithms.

Before a second round is known, ln(D/S) is expected to fall by 1/STEP for a price that
rises alone, and by 1 when all prices rise together: companies answer to prices against
one another, budgets to their level. Every further round bends that line as little as
makes it pass through all of them (Broyden's method, all rounds at once).
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats
from streams.market.price_rule.book import Book

STEP: Final = 0.25
"""Part of ln(D/S) by which ln p is moved: right for supply whose elasticity is 3, that
of companies whose inputs cost three quarters of what they earn. Chosen on 150 drawn
economies that show sums alone: .15 needs half a round more on average, .2 and .3 a
fifth of a round."""

LEVEL_STEP: Final = 1.0
"""The same for all prices together: budgets buy half as much at twice the prices. On
drawn economies .5 is no better with any STEP that settles most."""

FARTHEST: Final = 8.0
"""Bound of ln(D/S) here: further off is only far off."""

_NOISE: Final = 1e-8
"""Singular values of the steps, relative to the greatest, that count as none."""


class Line(NamedTuple):
    """
    ln(D/S) as a straight line in ln p, anchored at the newest round.

    Attributes:
        log_prices, log_ratio: of the newest round.
        is_free: the products that are looked at.
        left, right: what the rounds add to the slopes, as a product of two.
    """

    log_prices: Floats
    log_ratio: Floats
    is_free: Flags
    left: Floats
    right: Floats

    def forecast(self, log_prices: Floats) -> Floats:
        """Return ln(D/S) at other prices."""
        dx = np.where(self.is_free, log_prices - self.log_prices, 0.0)
        bent = self.left @ (self.right @ dx)
        return self.log_ratio + _expected(dx, self.is_free) + bent

    def step(self) -> Floats:
        """Return the step of ln p to where the line is 0."""
        free = self.is_free
        plain = -_undone(self.log_ratio, free)
        if not self.right.size:
            return plain
        undone = np.stack([_undone(column, free) for column in self.left.T], axis=1)
        small = np.eye(self.right.shape[0]) + self.right @ undone
        bent = np.linalg.lstsq(small, self.right @ plain, rcond=_NOISE)[0]
        return plain - undone @ bent


def straight(book: Book, is_free: Flags, *, rounds: int | None = None) -> Line:
    """
    Lay the line through the rounds.

    Args:
        book: the rounds so far.
        is_free: the products to look at.
        rounds: how many of the newest to use; all if None, 1 for the line that is
            expected before anything is known.
    """
    count = book.rounds if rounds is None else min(rounds, book.rounds)
    ratios = np.where(is_free, far_ratio(book.supply, book.demand)[-count:], 0.0)
    prices = np.where(is_free, book.log_prices[-count:], book.log_prices[-1])
    dx = (prices[:-1] - prices[-1]).T
    df = (ratios[:-1] - ratios[-1]).T
    surprise = (
        df - np.stack([_expected(column, is_free) for column in dx.T], axis=1)
        if dx.size
        else df
    )
    right = np.linalg.pinv(dx, rcond=_NOISE) if dx.size else dx.T
    return Line(book.log_prices[-1], ratios[-1], is_free, surprise, right)


def far_ratio(supply: Floats, demand: Floats) -> Floats:
    """Return ln(D/S), within FARTHEST either way; 0 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(demand) - np.log(supply)
    ratio[(supply <= 0) & (demand <= 0)] = 0.0
    clipped: Floats = np.clip(ratio, -FARTHEST, FARTHEST)
    return clipped


def _expected(dx: Floats, is_free: Flags) -> Floats:
    # The change of ln(D/S) that a change of ln p makes if nothing is known.
    level = _mean(dx, is_free)
    return np.where(is_free, -(dx - level) / STEP - level / LEVEL_STEP, 0.0)


def _undone(ratio: Floats, is_free: Flags) -> Floats:
    # The change of ln p that makes such a change: `_expected` the other way.
    level = _mean(ratio, is_free)
    return np.where(is_free, -(ratio - level) * STEP - level * LEVEL_STEP, 0.0)


def _mean(value: Floats, is_free: Flags) -> float:
    count = int(is_free.sum())
    return float(value[is_free].sum()) / count if count else 0.0
