"""
PURE. Which line of one round is which of another.

A line is known by who says what: company and product, consumer and product, a bid and
the input's product. One bidder should have one line for a product. If it has several,
bids are told apart by what they need and by how they divide what it costs, which hardly
changes from round to round; whatever is still alike, by that cost's share in what the
bid earns, and by its size.
"""

from typing import Final

import numpy as np

from streams.market.answers import Floats, Integers, Round

_SAME: Final = 16
"""Lines that are alike and still told apart, by size; more of them stand as one."""

_MARKS: Final = 1024
"""Different sets of needs that are told apart among one company's bids for a product:
that two of a handful meet is one chance in a hundred."""


class Standing:
    """
    The newest round's lines of one kind: where each goes, and which is which.

    Args:
        key: of each line, in the order in which lines came.
    """

    def __init__(self, key: Integers) -> None:
        self.order: Integers = np.argsort(key, kind="stable")
        self.key: Integers = key[self.order]
        # The place in canonical order of what is line n of the newest round.
        self.number: Integers = np.empty(len(key), np.int64)
        self.number[self.order] = np.arange(len(key))

    def find(self, key: Integers) -> Integers:
        """Return the lines with these keys, -1 where none has it."""
        if not len(self.key):
            return np.full(len(key), -1, np.int64)
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[at] == key, at, -1)

    def placed(self, at: Integers, quantity: Floats) -> Floats:
        """
        Return another round's quantities in canonical order, NaN where missing.

        Args:
            at: where each of its lines is found here.
            quantity: of these lines.
        """
        found = at >= 0
        row = np.full(len(self.key), np.nan)
        row[at[found]] = quantity[found]
        return row


def needs_mark(bid: Integers, product: Integers, bids: int) -> Integers:
    """Return by bid a number that is the same for the same inputs, in any order."""
    mark = (product + 1) * 2_654_435_761 % 1_000_000_007
    sums = np.bincount(bid, mark.astype(np.float64), bids)
    # Of some thousand inputs still an exact whole number.
    return sums.astype(np.int64)


def bid_keys(round_: Round) -> Integers:
    """Return what each bid is known by."""
    bids, inputs = round_.answers.bids, round_.answers.inputs
    key = (bids.company * len(round_.prices) + bids.product) * _MARKS
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():
        return key * _SAME
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    mark = needs_mark(inputs.bid, inputs.product, len(key))
    key += np.where(count[place] > 1, mark % _MARKS, 0)
    spent = inputs.quantity * round_.prices[inputs.product]
    # In an order that is theirs, so that the sum is the same whatever came first.
    order = np.lexsort((spent, inputs.product, inputs.bid))
    of, spent = inputs.bid[order], spent[order]
    cost = np.bincount(of, spent, len(key)).astype(np.float64)
    earned = bids.quantity * round_.prices[bids.product]
    share = np.divide(cost, earned, out=np.zeros(len(key)), where=earned > 0)
    is_first = np.ones(len(of), bool)
    is_first[1:] = of[1:] != of[:-1]
    first = np.zeros(len(key))
    first[of[is_first]] = spent[is_first]
    first = np.divide(first, cost, out=first, where=cost > 0)
    return _by_size(key, bids.quantity, share, first)


def plan_keys(round_: Round) -> Integers:
    """Return what each plan line is known by."""
    plans = round_.answers.plans
    return _by_size(plans.consumer * len(round_.prices) + plans.product, plans.quantity)


def input_keys(round_: Round, bid: Integers) -> Integers:
    """
    Return what each input is known by: its bid and its product.

    Args:
        round_: that it belongs to.
        bid: of each bid of the round, its place among those that stand, or -1: no
            standing input has such a key.
    """
    inputs = round_.answers.inputs
    key = bid[inputs.bid] * len(round_.prices) + inputs.product
    return _by_size(key, inputs.quantity)


def _by_size(key: Integers, *sizes: Floats) -> Integers:
    # Hardly ever is a line not alone, and one sort is cheaper than several.
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():
        return key * _SAME
    order = np.lexsort((*sizes, key))
    ordered = key[order]
    is_first = np.ones(len(key), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    place = np.arange(len(key))
    nth = place - np.maximum.accumulate(np.where(is_first, place, 0))
    apart = np.empty(len(key), np.int64)
    apart[order] = ordered * _SAME + np.minimum(nth, _SAME - 1)
    return apart
