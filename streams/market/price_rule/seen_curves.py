"""
PURE. Curves read off a line's own answers, where no budget or cost explains them.

Who wants so much up to a limit, or offers it from a limit on, says so by answering
nothing, or the same to two prices. Between two answers one goes straight; where one
took nothing, the limit lies somewhere between them. Beyond what was seen a curve goes
on as it went, to nothing at last.
"""

from typing import Final

import numpy as np

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.curves import Curves

BETWEEN: Final = 0.4
"""Part of a quantity that is expected half way (in ln p) to where none was taken: the
limits of many lie anywhere between, and a line that falls to its limit is below."""

FARTHEST_LIMIT: Final = 4.0
"""How many times beyond the last answer a limit is looked for: a price that far off is
another round's."""

_FLAT: Final = 1e-6
"""Relative difference of quantities that counts as none."""


def seen_curves(
    line: Integers, prices: Floats, quantities: Floats, *, rising: bool
) -> Curves:
    """
    Make curves of lines' answers.

    Args:
        line: the lines that get one, rising.
        prices: one row per round, one column per such line.
        quantities: likewise, NaN where missing.
        rising: whether they are bids: of more at a higher price.
    """
    count = len(line)
    if not count:
        nothing = np.zeros(0)
        return Curves(line, np.zeros(1, np.int64), nothing, nothing)
    # Falling curves are rising ones of 1 / price, so one way of thinking does.
    x = np.log(prices) if rising else -np.log(prices)
    known = np.isfinite(quantities)
    x = np.where(known, x, np.inf)
    order = np.argsort(x, axis=0, kind="stable")
    x = np.take_along_axis(x, order, axis=0)
    q = np.take_along_axis(np.where(known, quantities, 0.0), order, axis=0)
    has = np.isfinite(x)
    # A curve never turns: what is answered against it counts as noise between both.
    upper = np.maximum.accumulate(q, axis=0)
    lower = np.minimum.accumulate(np.where(has, q, np.inf)[::-1], axis=0)[::-1]
    q = np.where(has, (upper + np.where(np.isfinite(lower), lower, upper)) / 2, 0.0)
    points = [*_between(x, q, has), *_beyond(x, q, has, rising)]
    return _curves(line, points, rising)


_Points = tuple[Floats, Floats, Flags]


def _between(x: Floats, q: Floats, has: Flags) -> list[_Points]:
    points = [(x[row], q[row], has[row]) for row in range(len(x))]
    for row in range(len(x) - 1):
        gap = has[row + 1] & (q[row] <= 0) & (q[row + 1] > 0)
        with np.errstate(invalid="ignore"):
            middle = (x[row] + x[row + 1]) / 2
        points.append((middle, BETWEEN * q[row + 1], gap))
    return points


def _beyond(x: Floats, q: Floats, has: Flags, rising: bool) -> list[_Points]:
    # The two outermost positive answers on either side.
    columns = np.arange(x.shape[1])
    positive = has & (q > 0)
    some = positive.any(axis=0)
    first = np.argmax(positive, axis=0)
    last = len(x) - 1 - np.argmax(has[::-1], axis=0)
    low_x, low_q = x[first, columns], q[first, columns]
    high_x, high_q = x[last, columns], q[last, columns]
    is_open = some & (first == 0)
    far = np.log(FARTHEST_LIMIT)
    with np.errstate(all="ignore"):
        low_p = np.exp(low_x if rising else -low_x)
        high_p = np.exp(high_x if rising else -high_x)
        # The straight line through all that was seen, from end to end.
        slope = (high_q - low_q) / (high_p - low_p)
        is_sloped = (high_q > low_q * (1 + _FLAT)) & np.isfinite(slope)
        limit = low_p - low_q / slope
        ends = np.where(limit > 0, np.log(limit) * (1 if rising else -1), -np.inf)
    ends = np.where(is_sloped, np.maximum(ends, low_x - far), low_x - far)
    ends = np.where(np.isfinite(ends), ends, low_x - far)
    zero = (ends, np.zeros_like(low_q), is_open)
    # On the side where more is taken it goes on as it went, to twice as much.
    with np.errstate(all="ignore"):
        more_p = high_p + high_q / slope
        more = np.where(more_p > 0, np.log(more_p) * (1 if rising else -1), np.inf)
    is_more = some & is_sloped & np.isfinite(more) & (more > high_x)
    return [zero, (more, 2 * high_q, is_more)]


def _curves(line: Integers, points: list[_Points], rising: bool) -> Curves:
    x = np.stack([point[0] for point in points])
    q = np.stack([point[1] for point in points])
    has = np.stack([point[2] for point in points])
    # At the same price once only: a curve is a function.
    x = np.where(has, x if rising else -x, np.inf)
    order = np.argsort(x, axis=0, kind="stable")
    x = np.take_along_axis(x, order, axis=0)
    q = np.take_along_axis(q, order, axis=0)
    has = np.isfinite(x)
    with np.errstate(invalid="ignore"):
        has[1:] &= x[1:] - x[:-1] > 1e-12
    counts = has.sum(axis=0)
    return Curves(
        line=line,
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        price=np.exp(x.T[has.T]),
        quantity=q.T[has.T],
    )


def joined(some: Curves, others: Curves) -> Curves:
    """Return both, of different lines, as one; sorted by line."""
    if not len(others.line):
        return some
    if not len(some.line):
        return others
    line = np.concatenate([some.line, others.line])
    sizes = np.concatenate([np.diff(some.first), np.diff(others.first)])
    order = np.argsort(line, kind="stable")
    owner = np.repeat(line, sizes)
    place = np.argsort(owner, kind="stable")
    return Curves(
        line=line[order],
        first=np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64),
        price=np.concatenate([some.price, others.price])[place],
        quantity=np.concatenate([some.quantity, others.quantity])[place],
    )
