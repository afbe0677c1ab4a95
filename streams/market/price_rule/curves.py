"""
PURE. Quantities that depend on the own price alone: schedules, and what is read as one.

Between points one goes straight. A bid makes nothing below its first point and the
last quantity beyond its last; a plan line wants the first quantity below its first
point and nothing beyond its last (streams/market/answers.py).
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Integers, Schedules

EDGE: Final = 0.005
"""A jump at a schedule's end is taken as a slope of this width, relative to the price:
what clears on it clears within the tolerance, and a solver can follow it."""


class Curves(NamedTuple):
    """
    Attributes:
        line: whose curve; rising, each once.
        first: the first point of each; one more entry at the end.
        price, quantity: of the points, prices rising within a curve.
    """

    line: Integers
    first: Integers
    price: Floats
    quantity: Floats

    def at(self, price: Floats) -> tuple[Floats, Floats]:
        """
        Return quantities and their slopes dq/d ln p.

        Args:
            price: of each curve's product.
        """
        count = len(self.line)
        if not count:
            return np.zeros(0), np.zeros(0)
        curve = np.repeat(np.arange(count), np.diff(self.first))
        # How many points lie at or below the price: the last of them is on the left.
        below = np.bincount(curve, self.price <= price[curve], count).astype(np.int64)
        left = self.first[:-1] + np.clip(below - 1, 0, None)
        right = np.minimum(self.first[:-1] + below, self.first[1:] - 1)
        width = self.price[right] - self.price[left]
        is_within = width > 0
        rise = np.divide(
            self.quantity[right] - self.quantity[left],
            width,
            out=np.zeros(count),
            where=is_within,
        )
        quantity = self.quantity[left] + rise * np.where(
            is_within, price - self.price[left], 0.0
        )
        return np.maximum(quantity, 0.0), rise * price


def curves_of(schedules: Schedules, *, rising: bool) -> Curves:
    """
    Make curves of schedules, with their ends as points.

    Args:
        schedules: sorted by line and price.
        rising: whether they are bids'.
    """
    line, price, quantity = schedules
    if not len(line):
        nothing = np.zeros(0)
        return Curves(np.zeros(0, np.int64), np.zeros(1, np.int64), nothing, nothing)
    is_first = np.ones(len(line), bool)
    is_first[1:] = line[1:] != line[:-1]
    # Of a bid the point before its first, of a plan line the one after its last: at
    # no quantity, a little way off.
    at = is_first if rising else np.append(is_first[1:], True)
    order = np.arange(len(line))
    edge_order = order[at] + (-0.5 if rising else 0.5)
    edge_price = price[at] * (1 - EDGE if rising else 1 + EDGE)
    place = np.argsort(np.concatenate([order, edge_order]), kind="stable")
    lines = np.concatenate([line, line[at]])[place]
    starts = np.ones(len(lines), bool)
    starts[1:] = lines[1:] != lines[:-1]
    return Curves(
        line=line[is_first],
        first=np.append(np.flatnonzero(starts), len(lines)),
        price=np.concatenate([price, edge_price])[place],
        quantity=np.concatenate([quantity, np.zeros(len(edge_price))])[place],
    )


def chosen(curves: Curves, lines: Flags) -> Curves:
    """Return the curves of the lines that are flagged."""
    kept = lines[curves.line]
    sizes = np.diff(curves.first)
    points = np.repeat(kept, sizes)
    return Curves(
        line=curves.line[kept],
        first=np.concatenate([[0], np.cumsum(sizes[kept])]).astype(np.int64),
        price=curves.price[points],
        quantity=curves.quantity[points],
    )
