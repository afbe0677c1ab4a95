"""
PURE. The price rule: from the rounds so far to the prices of the next.

It keeps nothing between rounds: what it learns it learns from the rounds it is given,
so that anybody who has them announces the same prices, bit for bit. Three methods
forecast every round, and the one whose forecasts come true sets the next prices
(docs/decisions/price_rule.md):

- shares: the model read off the bids (reading.py), solved for what clears it;
- sums: a straight line through the rounds' sums (sums.py);
- bounded: a small step towards balance, product by product.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Round
from streams.market.price_rule.book import LEAST_PRICE, keyed, open_book
from streams.market.price_rule.clearing import Bend, clear
from streams.market.price_rule.judging import Errors, Views, errors_of, views_of
from streams.market.price_rule.limits import DEFAULT_LIMITS, Limits
from streams.market.price_rule.sums import Line

Method = Literal["shares", "sums", "bounded"]

BETTER: Final = 0.9
"""Part of the plain shares' error that bent ones may have to be taken instead."""

SURE: Final = 0.7
"""Part of the sums' error that shares may have to be taken where bids show too little
to begin with them."""

TRUE: Final = 0.4
"""Part of a change that the sums may have missed to be followed twice as far."""


class Announcement(NamedTuple):
    """
    What the board announces for the next round.

    Attributes:
        prices: by product, above 0.
        forecast_percent: the imbalance that is expected of them, by product.
        method: by which they were found.
        alarm: whether the worst imbalance grew twice in a row, or found no new least
            for four rounds, and is not clearly less than ever since.
        no_bid: the products that nobody bids for; their price stays.
        no_demand: the products that nobody wants at any price so far.
    """

    prices: Floats
    forecast_percent: Floats
    method: Method
    alarm: bool
    no_bid: Flags
    no_demand: Flags


def announce(rounds: Sequence[Round], limits: Limits = DEFAULT_LIMITS) -> Announcement:
    """
    Return the prices of the next round.

    Args:
        rounds: all of this period so far, oldest first, at least one. Products have
            the same numbers in all of them; lines may come, go and change order.
        limits: what the board lets the rule do.

    Raises:
        ValueError: if there is no round, or rounds have different products.
    """
    # Quantities of 1e60 at prices of 1e-60 are no reason to stop: what overflows on
    # the way is bounded where it is used, and prices at the end.
    with np.errstate(all="ignore"):
        return _announced(rounds, limits)


def _announced(rounds: Sequence[Round], limits: Limits) -> Announcement:
    ready = keyed(rounds)
    book = open_book(ready)
    views = views_of(book, limits)
    seen = views.seen
    errors = errors_of(ready, book, seen, limits)
    start = np.where(seen.is_blind, seen.blind, book.log_prices[-1])
    for choice in _choices(views, errors, limits):
        bound = max(choice.bound * seen.damping, limits.least_step)
        x = _found(views, choice, start, bound, limits)
        if x is not None:
            break
    else:
        raise AssertionError("bounded steps always lead somewhere")
    x = np.where(np.isfinite(x), x, book.log_prices[-1])
    first = book.log_prices[0]
    x = np.clip(x, first - limits.reach, first + limits.reach)
    x = np.clip(x, np.log(LEAST_PRICE), -np.log(LEAST_PRICE))
    said = np.nan_to_num(views.forecasts(x)[choice.forecast])
    said = np.clip(said, -200.0, 200.0)
    return Announcement(
        np.exp(x), said, choice.method, seen.alarm, seen.no_bid, seen.no_demand
    )


class _Choice(NamedTuple):
    # A method, which of the forecasts is its, and its greatest step of ln p.
    method: Method
    forecast: int
    bound: float


def _choices(views: Views, errors: Errors | None, limits: Limits) -> list[_Choice]:
    # The methods in the order in which they are trusted.
    groping = limits.groping_step
    sums = _Choice("sums", 2, _by_sums(errors, limits))
    bounded = _Choice("bounded", 3, groping / 2)
    if errors is None:
        shares = _Choice("shares", 0, limits.first_step)
        return [shares, sums] if views.is_readable else [sums]
    is_bent = errors.bent < BETTER * errors.shares
    error = errors.bent if is_bent else errors.shares
    # What forecasts missed of a change says how much farther they may be followed.
    trust = 1 - error / max(errors.change, 1e-9)
    near = max(limits.least_step, limits.near_factor * errors.off)
    bound = max(min(groping, near), limits.first_step * trust * abs(trust))
    shares = _Choice("shares", 1 if is_bent else 0, bound)
    others = [sums, bounded]
    if errors.sums > errors.bounded and errors.growth > 1:
        others = [bounded]
    sure = 1.0 if views.is_readable else SURE
    if error <= sure * min(errors.sums, errors.bounded):
        return [shares, *others]
    return others


def _by_sums(errors: Errors | None, limits: Limits) -> float:
    # The greatest step by sums: twice as far as the last one as long as their
    # forecasts come true, half as far when it came as nobody had guessed.
    if errors is None:
        return limits.groping_step
    part = errors.sums / max(errors.change, 1e-9)
    factor = 2.0 if part < TRUE else 1.0 if part < 1 else 0.5
    least, most = limits.groping_step, limits.farthest_groping
    return min(max(least, factor * errors.apart), most)


def _found(
    views: Views, choice: _Choice, start: Floats, bound: float, limits: Limits
) -> Floats | None:
    # Where a method leads; None where it leads nowhere.
    seen = views.seen
    if choice.method == "shares":
        size = len(start)
        none = Bend(np.zeros((size, 0)), np.zeros((0, size)))
        bend = views.bend if choice.forecast == 1 else none
        anchor = views.model.log_prices
        found = clear(
            views.model, bend, start, seen.is_free, anchor - bound, anchor + bound
        )
        if not found.is_clear and bound > limits.unclear_step:
            near = limits.unclear_step
            found = clear(
                views.model, bend, start, seen.is_free, anchor - near, anchor + near
            )
        if not found.is_better:
            return None
        return np.where(seen.is_free, found.log_prices, start)
    line = views.line if choice.method == "sums" else views.plain
    level_bound = limits.level_step * seen.damping
    return line.log_prices + _bounded(line, bound, level_bound)


def _bounded(line: Line, bound: float, level_bound: float) -> Floats:
    # All prices together may go farther than one against another: their level is
    # told by all sums at once.
    step, is_free = line.step(), line.is_free
    if not is_free.any():
        return np.zeros_like(step)
    level = float(step[is_free].mean())
    apart = np.clip(step - level, -bound, bound)
    return np.where(is_free, np.clip(level, -level_bound, level_bound) + apart, 0.0)
