"""
PURE. What the sums alone tell: ln(D/S) as a straight line in ln p.

Before a second round is known, ln(D/S) is expected to fall by OWN for a price that
rises alone, and by LEVEL when all prices rise together: companies answer to prices
against one another, budgets to their level. How far single products differ from that
is known as well, so that every further round is a regression: what it shows beyond
what was expected is put down to a product's own price, to the level and to all other
prices, each as far as it is uncertain. Nothing is straight for long: a round counts the
less, the farther its prices are.
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats
from streams.market.price_rule.book import Book

OWN: Final = 4.0
"""Slope against the own price: supply whose elasticity is 3, that of companies whose
inputs cost three quarters of what they earn, and demand of 1. This and what follows
was chosen on drawn economies (docs/decisions/price_rule.md)."""

LEVEL: Final = 0.64
"""Slope against all prices together: budgets buy half as much at twice the prices, and
some two products in three are wanted by those who have one; what companies need of one
another does not mind."""

STILL_OWN: Final = 2.2
STILL_LEVEL: Final = 0.0
MADE_LEVEL: Final = 0.9
"""The same of a product whose supply has stood still while its price moved: land and
hours are needed by companies, mostly. So what is made is wanted by budgets, mostly."""

OWN_SPREAD: Final = 0.7
LEVEL_SPREAD: Final = 0.7
OTHERS_SPREAD: Final = 3.0
"""Standard deviations of products' slopes: in the own price; in the level, 0 for what
only companies need and above 1 for what only budgets want; in the other prices, all of
them together."""

MEAN_LEVEL_SPREAD: Final = 0.2
"""Of the mean of all slopes in the level: who sells and who buys differs from product
to product, what budgets are of everything does not."""

LEVELS: Final = (-1.5, 0.2)
"""Bounds of a product's slope in the level: budgets buy as much less as everything is
dearer, companies make and need what they did; they make a little more where effort
costs what it did."""

CURVED: Final = 0.3
"""Standard deviation of what a straight line misses of ln(D/S) one unit of ln p away;
it grows with the square of the distance. Taken for 0, as in Broyden's method, rounds
from far away mislead: one in eight fewer of the drawn economies settle."""

LEAST_OWN: Final = 0.5
"""A price that rises alone lessens ln(D/S) by as much at least."""

FARTHEST: Final = 8.0
"""Bound of ln(D/S) here: further off is only far off."""

_EXACT: Final = 1e-10
"""Variance of what is missed however near a round is: less than rounding makes."""

_STOOD: Final = 1e-7
"""Difference of ln S up to which a supply stood still."""

_MOVED: Final = 1e-3
"""Difference of ln p from which a price has moved."""


class Line(NamedTuple):
    """
    ln(D/S) as a straight line in ln p, anchored at the newest round.

    Attributes:
        log_prices, log_ratio: of the newest round.
        is_free: the products that are looked at.
        own: the slope in the own price, by product, beyond what is in the others.
        left, right: the slopes in all prices, as a product of two matrices.
        is_guess: whether no second round has told anything yet.
    """

    log_prices: Floats
    log_ratio: Floats
    is_free: Flags
    own: Floats
    left: Floats
    right: Floats
    is_guess: bool

    def forecast(self, log_prices: Floats) -> Floats:
        """Return ln(D/S) at other prices."""
        dx = log_prices - self.log_prices
        slope = self.own * dx + self.left @ (self.right @ dx)
        return self.log_ratio + np.where(self.is_free, slope, 0.0)

    def step(self) -> Floats:
        """
        Return the step of ln p to where the line is 0.

        While the line is a guess, prices apart from one another move as far only as
        what products are off differs by more than a level that is off makes it.
        """
        free = self.is_free
        if not free.any():
            return np.zeros_like(self.log_ratio)
        undone = self.left / self.own[:, None]
        plain = -self.log_ratio / self.own
        small = np.eye(len(self.right)) + self.right @ undone
        step = np.zeros_like(plain)
        step[free] = (
            plain - undone @ np.linalg.lstsq(small, self.right @ plain, rcond=None)[0]
        )[free]
        if not self.is_guess:
            return step
        level = float(step[free].mean())
        spread = float(np.var(self.log_ratio[free]))
        told = max(0.0, spread - (LEVEL_SPREAD * level) ** 2) / max(spread, _EXACT)
        return np.where(free, level + told * (step - level), 0.0)


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
    own, level = _expected(book, is_free, count)
    mean = is_free / max(1, int(is_free.sum()))
    expected = Line(
        book.log_prices[-1],
        ratios[-1],
        is_free,
        -own,
        np.where(is_free, own - level, 0.0)[:, None],
        mean[None, :],
        is_guess=count == 1,
    )
    if count == 1:
        return expected
    return _learnt(expected, book.log_prices[-count:-1], ratios[:-1])


def far_ratio(supply: Floats, demand: Floats) -> Floats:
    """Return ln(D/S), within FARTHEST either way; 0 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(demand) - np.log(supply)
    ratio[(supply <= 0) & (demand <= 0)] = 0.0
    clipped: Floats = np.clip(ratio, -FARTHEST, FARTHEST)
    return clipped


def _expected(book: Book, is_free: Flags, count: int) -> tuple[Floats, Floats]:
    # How much less ln(D/S) is for a higher price, and for all of them.
    supply = np.where(book.supply > 0, book.supply, 1.0)[-count:]
    stood = np.abs(np.log(supply / supply[-1])).max(axis=0) < _STOOD
    prices = book.log_prices[-count:]
    is_still = stood & (np.abs(prices - prices[-1]).max(axis=0) > _MOVED) & is_free
    made = MADE_LEVEL if is_still.any() else LEVEL
    return (
        np.where(is_still, STILL_OWN, OWN),
        np.where(is_still, STILL_LEVEL, made),
    )


def _learnt(expected: Line, log_prices: Floats, ratios: Floats) -> Line:
    # The regression: by product a system as large as there are rounds.
    free = expected.is_free
    products = max(1, int(free.sum()))
    dx = log_prices - expected.log_prices
    forecasts = np.stack([expected.forecast(expected.log_prices + row) for row in dx])
    surprise = np.where(free, ratios - forecasts, 0.0)
    level = dx.sum(axis=1) / products
    apart = np.where(free, dx - level[:, None], 0.0)
    far = (dx**2).sum(axis=1) / products
    common = OTHERS_SPREAD**2 / products * (apart @ apart.T)
    common += np.diag(CURVED**2 * far**2 + _EXACT * (1 + far))
    by_level = np.outer(level, level)
    mean = surprise.sum(axis=1) / products
    of_mean = np.linalg.solve(common + MEAN_LEVEL_SPREAD**2 * by_level, mean)
    common += LEVEL_SPREAD**2 * by_level
    own = OWN_SPREAD**2 * dx.T[:, :, None] * dx.T[:, None, :]
    differs = np.where(free, surprise - mean[:, None], 0.0).T
    told = np.linalg.solve(common + own, differs[:, :, None])[:, :, 0]
    slope = expected.own + OWN_SPREAD**2 * (told * dx.T).sum(axis=1)
    in_level = expected.left[:, 0] + LEVEL_SPREAD**2 * (told @ level)
    in_level = in_level + MEAN_LEVEL_SPREAD**2 * float(of_mean @ level)
    told = np.where(free[:, None], told + of_mean, 0.0)
    slope = np.minimum(slope, -LEAST_OWN)
    # A change of all prices apart from their level has no part in this.
    in_level = np.where(free, np.clip(slope + in_level, *LEVELS) - slope, 0.0)
    return expected._replace(
        own=slope,
        left=np.concatenate([in_level[:, None], told], axis=1),
        right=np.concatenate(
            [expected.right, OTHERS_SPREAD**2 / products * apart], axis=0
        ),
    )
