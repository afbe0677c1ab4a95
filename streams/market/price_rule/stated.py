"""
PURE. What schedules say beyond their points: a budget's elasticity, a response.

A schedule tells how its line answers to its own price while all others stay. Of a
bidder with a budget or with costs, that follows from what the others' prices change,
too; so a schedule that is exactly what a budget or a process would answer is taken as
that budget or process, and known for all prices. Any other is used as it is.
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Integers, Schedules
from streams.market.price_rule.book import summed
from streams.market.price_rule.model import Baskets

EXACT: Final = 0.02
"""Greatest difference of ln(quantity) between a schedule's points and what a budget or
process would answer there: less than rounding of prices and quantities makes."""


class Stated(NamedTuple):
    """
    What schedules say of those who state them.

    Attributes:
        is_known: by owner, whether its schedules are those of a budget or process.
        slope: by owner: of a budget its elasticity of substitution, of a process its
            response.
        most: by owner, ln of the most it makes by what it makes now.
        gap: by owner, as in `Makers`.
    """

    is_known: Flags
    slope: Floats
    most: Floats
    gap: Floats


def without(stated: Stated, owners: Integers) -> Stated:
    """Return what is stated, as if these owners' schedules were of another kind."""
    is_known = stated.is_known.copy()
    is_known[owners] = False
    return stated._replace(is_known=is_known)


def stated_budgets(schedules: Schedules, baskets: Baskets, prices: Floats) -> Stated:
    """
    Look for budgets behind plan lines' schedules.

    Args:
        schedules: of the lines, sorted.
        baskets: of what is wanted at the prices.
        prices: by product, of the newest round.
    """
    owners = len(baskets.distance)
    line, price, quantity = schedules
    if not len(line):
        return _nothing(owners)
    factor = price / prices[baskets.product[line]]
    share = baskets.share[line]
    now = baskets.quantity[line]
    with np.errstate(divide="ignore", invalid="ignore"):
        grown, x = np.log(quantity) - np.log(now), np.log(factor)
        # q = f^-s / (1 + w (f^(1 - s) - 1)): what remains of the budget for all else
        # shrinks by the denominator, so that what is left of ln q is -s ln f.
        spent = quantity / now * factor
        rest = np.log((1 - share * spent) / (1 - share))
    # Who wants one product only spends all of it there, whatever the price.
    rest = np.where(share > 1 - 1e-9, 0.0, rest)
    usable = np.isfinite(grown) & np.isfinite(rest) & (np.abs(x) > 0.05)
    top = np.where(usable, -(grown - rest) * x, 0.0)
    bottom = np.where(usable, x * x, 0.0)
    owner = baskets.owner[line]
    top_by, bottom_by = summed(owner, top, owners), summed(owner, bottom, owners)
    slope = np.divide(top_by, bottom_by, out=np.ones(owners), where=bottom_by > 0)
    misses = np.where(usable, np.abs(grown - rest + slope[owner] * x), 0.0)
    # A line that wants nothing somewhere has no budget's schedule.
    misses = np.where((quantity <= 0) | (now <= 0), np.inf, misses)
    is_known = (bottom_by > 0) & (summed(owner, misses > EXACT, owners) == 0)
    zeros = np.zeros(owners)
    return Stated(is_known & (slope > 0), slope, zeros, zeros)


def stated_processes(
    schedules: Schedules, outputs: Baskets, has_inputs: Flags, prices: Floats
) -> Stated:
    """
    Look for processes behind bids' schedules: free up to a capacity.

    Args:
        schedules: of the bids, sorted.
        outputs: the bids, by process.
        has_inputs: by process.
        prices: by product, of the newest round.
    """
    owners = len(outputs.distance)
    line, price, quantity = schedules
    if not len(line):
        return _nothing(owners)
    share = outputs.share[line]
    factor = price / prices[outputs.product[line]]
    # What a unit of the process earns if this product's price is another.
    x = np.log(np.maximum(1 + share * (factor - 1), 1e-12))
    with np.errstate(divide="ignore"):
        logs = np.log(quantity)
        now = np.log(outputs.quantity)
    first = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    last = np.append(first[1:], len(line)) - 1
    at = line[first]
    enough = last - first >= 2
    second = np.minimum(first + 1, last)
    before = np.maximum(last - 1, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = (logs[second] - logs[first]) / (x[second] - x[first])
    is_full = enough & (quantity[last] <= quantity[before] * (1 + 1e-9))
    top = np.where(is_full, logs[last], np.inf)
    curve = np.repeat(np.arange(len(at)), last - first + 1)
    with np.errstate(invalid="ignore"):
        free = logs[first][curve] + rise[curve] * (x - x[first][curve])
        misses = np.abs(np.minimum(free, top[curve]) - logs)
        free_now = logs[first] - rise * x[first]
        # The newest answer must lie on it as well.
        misses_now = np.abs(np.minimum(free_now, top) - now[at])
    fits = np.isfinite(misses) & (misses <= EXACT)
    good = (summed(curve, ~fits, len(at)) == 0) & enough & (misses_now <= EXACT)
    good &= (rise > 0) & has_inputs[outputs.owner[at]]
    return _by_process(outputs, at, good, rise, top - now[at], free_now - now[at])


def _by_process(
    outputs: Baskets,
    at: Integers,
    good: Flags,
    rise: Floats,
    most: Floats,
    over: Floats,
) -> Stated:
    owners = len(outputs.distance)
    of = outputs.owner[at]
    bids = summed(outputs.owner, np.ones(len(outputs.owner)), owners)
    is_known = (summed(of, good, owners) == bids) & (bids > 0)
    slope, top, gap = np.ones(owners), np.full(owners, np.inf), np.zeros(owners)
    slope[of[good]] = 1 + rise[good]
    top[of[good]] = np.maximum(most[good], 0.0)
    # Of what it would make if it could; the response turns that into costs.
    gap[of[good]] = np.maximum(over[good], 0.0) / rise[good]
    gap = np.where(gap > EXACT, gap, 0.0)
    return Stated(is_known, slope, top, gap)


def _nothing(owners: int) -> Stated:
    zeros = np.zeros(owners)
    return Stated(np.zeros(owners, bool), np.ones(owners), zeros, zeros)
