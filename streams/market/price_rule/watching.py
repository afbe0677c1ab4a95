"""
PURE. What is plain to see in the rounds: products without bids or demand, and alarm.

A product that nobody bids for, or that no line wants, keeps its price and is flagged;
where the board sees sums only, the price of what nobody wants falls all the same.
Where there are bids or lines but none takes the announced price, the price moves
without a forecast: towards an earlier price that was taken, or in widening steps. Only
sums, which are followed in bounded steps anyway, take it as far from clearing.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, imbalance_percent
from streams.market.price_rule.book import Book
from streams.market.price_rule.limits import Limits

BLIND_STEP: Final = 1.2
"""First step of ln p, a factor of 3.3, where one side takes nothing at all; twice as
far each further round. Three rounds reach a hundredfold; half of it would need four,
twice of it would mostly overshoot what is near."""

LEAST_DAMPING: Final = 1 / 16
"""Of steps: four halvings. What is smaller learns nothing from a round."""


class Watch(NamedTuple):
    """
    Attributes:
        no_bid, no_demand: flagged products.
        is_blind: products whose price moves without a forecast, to `blind`.
        blind: logarithms of those prices; of all others the newest prices'.
        is_free: products whose price is forecast.
        is_summed: the same by sums, which know that side to be far too small.
        alarm: whether the stability alarm is on.
        damping: factor on all steps, 1 while there is no alarm.
    """

    no_bid: Flags
    no_demand: Flags
    is_blind: Flags
    blind: Floats
    is_free: Flags
    is_summed: Flags
    alarm: bool
    damping: float


def watch(book: Book, limits: Limits) -> Watch:
    """Look the rounds through for what is plain to see."""
    supply, demand = book.supply[-1], book.demand[-1]
    size = book.products
    has_line = np.bincount(book.bids.product, minlength=size) > 0
    was_bid = (book.supply > 0).any(axis=0)
    no_bid = (supply <= 0) & ~has_line & ~was_bid
    wanted = np.bincount(book.plans.product, minlength=size)
    wanted += np.bincount(book.inputs.product, minlength=size)
    was_wanted = (book.demand > 0).any(axis=0)
    no_demand = (demand <= 0) & ~was_wanted
    rises = (supply <= 0) & (demand > 0) & ~no_bid
    # Where no line is seen of anything, nobody knows whether there is one.
    is_dark = not wanted.any() and not has_line.any()
    may_be_wanted = was_wanted | (wanted > 0) | is_dark
    falls = (demand <= 0) & (supply > 0) & may_be_wanted
    blind = _blind(book, rises, falls, limits.reach)
    is_free = (supply > 0) & (demand > 0)
    alarm, damping = _alarm(book, no_bid | no_demand, limits)
    return Watch(
        no_bid,
        no_demand,
        rises | falls,
        blind,
        is_free,
        is_free | rises | falls,
        alarm,
        damping,
    )


def _blind(book: Book, rises: Flags, falls: Flags, reach: float) -> Floats:
    x = book.log_prices
    newest = x[-1]
    target: Floats = newest.copy()
    for product in np.flatnonzero(rises | falls):
        sign = 1.0 if rises[product] else -1.0
        way = (x[:, product] - newest[product]) * sign
        other = book.supply if rises[product] else book.demand
        took = other[:, product] > 0
        # The nearest price on the way that was taken: half way to it.
        ahead = way[(way > 0) & took]
        if ahead.size:
            target[product] = newest[product] + sign * ahead.min() / 2
            continue
        rounds = 0
        for number in range(len(x) - 1, -1, -1):
            if took[number]:
                break
            rounds += 1
        step = BLIND_STEP * 2 ** min(rounds - 1, 3)
        low, high = x[0, product] - reach, x[0, product] + reach
        target[product] = np.clip(newest[product] + sign * step, low, high)
    return target


def _alarm(book: Book, is_flagged: Flags, limits: Limits) -> tuple[bool, float]:
    percent = np.abs(imbalance_percent(book.supply, book.demand))
    worst = np.where(is_flagged, 0.0, percent).max(axis=1, initial=0.0)
    alarm, damping, grown, least, since = False, 1.0, 0, worst[0], 0
    for before, now in pairwise(worst):
        grows = now > before * limits.alarm_growth and now > limits.tolerance_percent
        grown = grown + 1 if grows else 0
        since += 1
        if now * limits.alarm_growth < least or now <= limits.tolerance_percent:
            # The way back: what had grown is clearly less than it ever was.
            least, since, alarm = min(now, least), 0, False
        if grown >= 2 or since >= limits.alarm_rounds:
            alarm = True
        if alarm and grows:
            damping = max(damping / 2, LEAST_DAMPING)
        elif not grows:
            damping = min(1.0, 2 * damping)
    return alarm, damping
