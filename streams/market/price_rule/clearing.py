"""
PURE. The prices at which a model's supply is its demand: Newton's method on ln(D/S).

In logarithms the model is nearly straight, so that a few steps do from a hundred times
away. Up to some hundreds of products a step is solved as it is; beyond, by GMRES, from
products with sparse matrices only, so that the cost grows with the lines.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, gmres

from streams.market.answers import Flags, Floats
from streams.market.price_rule.book import log_ratio
from streams.market.price_rule.model import (
    Matrix,
    Model,
    Slopes,
    forecast_with_slopes,
)

DENSE: Final = 400
"""Products up to which a step is solved by elimination: some 10 ms there, and n^3
beyond; GMRES costs the same 10 ms at 400."""

ENOUGH: Final = 1e-4
"""ln(D/S) that counts as cleared: a three hundredth of the tolerance."""

GOOD: Final = 0.01
"""ln(D/S), as a root mean square, that is good enough even if it hardly improved."""

NEAR: Final = 0.3
"""ln(D/S), as a root mean square, beyond which a model does not clear at all: it says
things that cannot all be true."""

MOST_STEPS: Final = 60
"""Newton's steps; some 8 do, more only where nothing clears."""

_EXACT: Final = 1e-3
_ROUGH: Final = 0.1
"""Part of a step's equations that GMRES may leave: a tenth of what is off, since far
away a step is bent by what is not straight anyway."""

_LEAST_SLOPE: Final = 0.05
"""Least own slope of ln(D/S): where nothing answers to a price, it still moves."""


class Bend(NamedTuple):
    """
    What earlier rounds say of ln(D/S) that the model does not.

    Attributes:
        left, right: what it adds by product for a change of ln p, as a product of two
            matrices (products x rounds, rounds x products).
    """

    left: Floats
    right: Floats

    def at(self, dx: Floats) -> Floats:
        """Return what it adds for a change of ln p."""
        added: Floats = self.left @ (self.right @ dx)
        return added


class Cleared(NamedTuple):
    """
    Attributes:
        log_prices: the prices found.
        is_better: whether the model is much nearer to clearing there than it was.
        is_clear: whether it is near to clearing.
    """

    log_prices: Floats
    is_better: bool
    is_clear: bool


def clear(
    model: Model,
    bend: Bend,
    start: Floats,
    is_free: Flags,
    low: Floats,
    high: Floats,
) -> Cleared:
    """
    Solve the model for prices that clear it.

    Args:
        model: what is known.
        bend: what is added to its ln(D/S).
        start: logarithms of prices to begin with.
        is_free: the products whose prices may change.
        low: logarithms of the least prices that may be found.
        high: of the greatest.
    """
    x = start.copy()
    cap = np.full(len(x), 2.0)
    before = np.zeros(len(x))
    best, least, first = x, np.inf, np.inf
    for _ in range(MOST_STEPS):
        supply, demand, slopes = forecast_with_slopes(model, x)
        ratio = log_ratio(supply, demand) + bend.at(x - model.log_prices)
        ratio = np.where(is_free, ratio, 0.0)
        # What a bound holds back is as good as it gets.
        held = ((x >= high) & (ratio > 0)) | ((x <= low) & (ratio < 0))
        off = np.where(held, 0.0, ratio)
        size = float(np.sqrt(np.mean(off**2))) if len(off) else 0.0
        first = min(first, size) if np.isinf(first) else first
        if size < least:
            best, least = x, size
        if np.abs(off).max(initial=0.0) < ENOUGH:
            break
        turned = ratio * before < 0
        cap = np.clip(np.where(turned, cap * 0.5, cap * 1.3), 0.01, 2.0)
        before = ratio
        moves = is_free & ~held
        exact = min(max(size / 10, _EXACT), _ROUGH)
        step = _step(slopes, bend, supply, demand, ratio, moves, exact)
        x = np.clip(x + np.clip(step, -cap, cap), low, high)
    return Cleared(best, least <= max(first / 2, GOOD), least <= NEAR)


def _step(
    slopes: Slopes,
    bend: Bend,
    supply: Floats,
    demand: Floats,
    ratio: Floats,
    moves: Flags,
    exact: float,
) -> Floats:
    at = np.flatnonzero(moves)
    of_supply = 1 / np.maximum(supply[at], 1e-300)
    of_demand = 1 / np.maximum(demand[at], 1e-300)
    diagonal = slopes.demand[at] * of_demand - slopes.supply[at] * of_supply
    factors: list[tuple[Matrix, Matrix]] = []
    for left, right, is_demand in slopes.factors:
        scale = of_demand if is_demand else -of_supply
        scaled = csr_array(left[at].multiply(scale[:, None]))
        factors.append((scaled, csr_array(right[:, at])))
    if bend.left.size:
        factors.append((csr_array(bend.left[at]), csr_array(bend.right[:, at])))
    step = np.zeros(len(ratio))
    step[at] = (
        _eliminated(diagonal, factors, -ratio[at])
        if len(at) <= DENSE
        else _iterated(diagonal, factors, -ratio[at], exact)
    )
    return np.nan_to_num(step, nan=0.0, posinf=0.0, neginf=0.0)


def _eliminated(
    diagonal: Floats, factors: list[tuple[Matrix, Matrix]], wanted: Floats
) -> Floats:
    whole = np.diag(diagonal)
    for left, right in factors:
        whole += (left @ right).toarray()
    own = np.diagonal(whole)
    whole[np.diag_indices_from(whole)] = np.minimum(own, -_LEAST_SLOPE)
    try:
        solved = np.linalg.solve(whole, wanted)
    except np.linalg.LinAlgError:
        solved = np.linalg.lstsq(whole, wanted, rcond=1e-10)[0]
    return solved.astype(np.float64)


def _iterated(
    diagonal: Floats,
    factors: list[tuple[Matrix, Matrix]],
    wanted: Floats,
    exact: float,
) -> Floats:
    own = diagonal.copy()
    for left, right in factors:
        own += left.multiply(right.T).sum(axis=1)
    missing = np.minimum(0.0, -_LEAST_SLOPE - own)
    diagonal, own = diagonal + missing, own + missing

    def applied(vector: Floats) -> Floats:
        result = diagonal * vector
        for left, right in factors:
            result += left @ (right @ vector)
        return result / own

    size = len(wanted)
    whole = LinearOperator((size, size), matvec=applied, dtype=np.float64)
    solved, _ = gmres(whole, wanted / own, rtol=exact, restart=60, maxiter=2)
    result: Floats = solved
    return result
