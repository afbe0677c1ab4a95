"""PURE. Sums of lines by whom or what they belong to."""

import numpy as np

from streams.market.answers import Floats, Integers


def summed(at: Integers, values: Floats, size: int) -> Floats:
    """
    Add values up.

    Args:
        at: what each value belongs to, from 0.
        values: as many.
        size: how many sums there are.
    """
    # bincount counts in whole numbers if there is no value at all.
    return np.bincount(at, values, size).astype(np.float64)
