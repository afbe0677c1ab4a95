"""PURE. Percentiles and spreads: how many measurements become a few figures."""

import math
import statistics
from collections.abc import Sequence
from typing import Self

import msgspec


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """
    The runs of one figure.

    The median, because one run that something disturbed must not move the result; the
    extremes, because a reader must see whether that happened.
    """

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """
        Return the spread of at least one value.

        Raises:
            ValueError: if there is none.
        """
        if not values:
            raise ValueError("a spread needs a value, there was none")
        return cls(median=statistics.median(values), min=min(values), max=max(values))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """
    Return the least value that `percent` of all values do not exceed.

    Always a value that was measured: nothing is interpolated between two.

    Args:
        ordered: the values, ascending; at least one.
        percent: above 0, up to 100.

    Raises:
        ValueError: if there is no value, or no such percentile.
    """
    if not ordered:
        raise ValueError("a percentile needs a value, there was none")
    if not 0 < percent <= 100:
        raise ValueError(f"a percentile lies above 0 and up to 100, was {percent:g}")
    # Rounded, since 99.9 / 100 * 1000 is 999.0000000000001.
    return ordered[math.ceil(round(percent / 100 * len(ordered), 6)) - 1]


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """
    Return the spread of the ratios, run by run.

    Runs of one round lie side by side in time, so what slowed the machine slowed both.
    """
    return Spread.of(
        [above / below for above, below in zip(numerators, denominators, strict=True)]
    )
