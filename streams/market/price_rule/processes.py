"""
PURE. Which bids of a company come together, out of one process.

A process that makes several products makes them in one proportion, whatever their
prices: what it answers is what they earn together. Its bids need the same inputs and
share them by what they earn, so they spend the same part of it on each: that shows in
the first round. From a second round on, their quantities have to keep their proportion.
"""

from typing import Final

import numpy as np

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.book import Book, log_of, summed
from streams.market.price_rule.matching import needs_mark

ALIKE: Final = 0.3
"""Greatest difference of ln(cost share) of bids that come together, on average over
the rounds: one and a half standard deviations where every line is off by a tenth at
random. From a second round on twice that will do, since proportions tell better."""

_SEPARATE: Final = 1.0
"""Elasticity at which two separate bids' proportion moves with that of their prices;
companies with inputs have more, so that joint ones are far on the other side."""


def processes(book: Book) -> Integers:
    """
    Return the process of each bid, numbered from 0.

    Bids that come together with none are a process by themselves.
    """
    bids = book.bids
    count = len(bids.owner)
    if not count:
        return np.zeros(0, np.int64)
    first, lines = _first_alike(book)
    logs = log_of(bids.quantity)
    is_joint = first != np.arange(count)
    if lines:
        is_joint &= _costs_alike(book, first)
    if book.rounds > 1:
        is_joint &= _keeps_proportion(book, first, logs)
    process = np.where(is_joint, first, np.arange(count))
    return np.unique(process, return_inverse=True)[1].astype(np.int64)


def _first_alike(book: Book) -> tuple[Integers, int]:
    # Of each bid the first of its company that needs the same products: bids that
    # are simply there and those that need nothing are alike to none.
    bids, inputs = book.bids, book.inputs
    count = len(bids.owner)
    needs = np.bincount(inputs.owner, minlength=count)
    marks = needs_mark(inputs.owner, inputs.product, count)
    alone = book.is_fixed | (needs == 0)
    number = np.arange(count)
    marks = np.where(alone, -1 - number, marks)
    order = np.lexsort((number, needs, marks, bids.owner))
    same = np.ones(count, bool)
    for key in (bids.owner, marks, needs):
        ordered = key[order]
        same[1:] &= ordered[1:] == ordered[:-1]
    same[0] = False
    begins = np.maximum.accumulate(np.where(same, 0, np.arange(count)))
    first = np.empty(count, np.int64)
    first[order] = order[begins]
    return first, len(inputs.owner)


def _costs_alike(book: Book, first: Integers) -> Flags:
    bids, inputs = book.bids, book.inputs
    count = len(bids.owner)
    share = np.zeros((book.rounds, len(inputs.owner)))
    for number, log_prices in enumerate(book.log_prices):
        spent = log_of(inputs.quantity[number]) + log_prices[inputs.product]
        earned = log_of(bids.quantity[number]) + log_prices[bids.product]
        share[number] = spent - earned[inputs.owner]
    # Inputs are in the order of bid and product, so the nth of a bid belongs to the
    # nth of the other.
    starts = np.searchsorted(inputs.owner, np.arange(count))
    nth = np.arange(len(inputs.owner)) - starts[inputs.owner]
    other = np.minimum(starts[first[inputs.owner]] + nth, len(inputs.owner) - 1)
    apart = share - share[:, other]
    known = np.isfinite(apart)
    apart = np.where(known, apart, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    most = ALIKE if book.rounds == 1 else 2 * ALIKE
    differs = (
        (np.abs(apart) > most) | ~known[-1] | (inputs.product != inputs.product[other])
    )
    alike: Flags = summed(inputs.owner, differs, count) == 0
    return alike


def _keeps_proportion(book: Book, first: Integers, logs: Floats) -> Flags:
    proportion = logs - logs[:, first]
    prices = book.log_prices[:, book.bids.product]
    relative = prices - prices[:, first]
    joint = np.zeros(len(first))
    separate = np.zeros(len(first))
    for number in range(book.rounds - 1):
        moved = proportion[-1] - proportion[number]
        known = np.isfinite(moved)
        moved = np.where(known, moved, 0.0)
        expected = np.where(known, _SEPARATE * (relative[-1] - relative[number]), 0.0)
        joint += moved**2
        separate += (moved - expected) ** 2
    return joint <= separate
