"""PURE. Slopes by bidder: what is one's own, and what is noise."""

from typing import Final

import numpy as np

from streams.market.answers import Floats

SPREAD: Final = 0.7
"""How far bidders' slopes differ from what is expected, as a standard deviation: what
noise must be held against before a slope of one's own is believed."""


def believed(
    sums: tuple[Floats, Floats, Floats, Floats],
    expected: Floats | float,
    bounds: tuple[float, float],
    spread: float = SPREAD,
    least_noise: float = 0.0,
) -> Floats:
    """
    Return a slope by owner: its own as far as noise lets it be known.

    Args:
        sums: by owner, of x y, x x, y y, and how many there are to learn from.
        expected: the slope of those who show none.
        bounds: of a slope.
        spread: of owners' slopes around what is expected.
        least_noise: variance that y is known to have.
    """
    top, bottom, square, freedom = sums
    own = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 1e-18)
    own = np.clip(own, *bounds)
    left = np.maximum(square - 2 * own * top + own * own * bottom, 0)
    spare = freedom - 1
    known = (spare > 0) & (bottom > 1e-18)
    noise = float(np.median(left[known] / spare[known])) if known.any() else 0.0
    weight = max(noise, least_noise) / spread**2 + 1e-12
    return np.clip((top + weight * expected) / (bottom + weight), *bounds)
