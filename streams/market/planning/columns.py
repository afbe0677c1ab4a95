"""
PURE. A period's lines in columns, and the arrays that the price rule takes.

What is numbered is numbered by name, never by arrival: the same lines make the same
arrays, bit for bit. An input whose bid does not stand or makes nothing, and a line in
a council's own name, show no structure: they are known as sums only, `hidden`.

Making the arrays of 80,000 lines takes some 40 ms, since what is turned from Python's
numbers into arrays is turned when a line comes.
"""

from array import array
from collections.abc import Sequence
from typing import Final

import numpy as np

from schemas.rows import Line
from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Bids,
    Flags,
    Floats,
    Inputs,
    Integers,
    Plans,
    Schedules,
)
from streams.market.planning.points import points_of

_NONE: Final = -1


class Columns:
    """
    The lines of a book, by their places in it.

    Args:
        products: that are planned, by name.

    Attributes:
        amounts: at the announced price, as binary fractions; the book keeps them.
    """

    def __init__(self, products: Sequence[str]) -> None:
        self._number = {name: number for number, name in enumerate(products)}
        self._party_number: dict[str, int] = {}
        # By party number, the place of its name among all names.
        self._ranks: Integers | None = None
        self.amounts = array("d")
        self._product = array("q")
        self._party = array("q")
        # The product of the bid that an input is for; -1 where that is not planned.
        self._need = array("q")
        self._is_bid = bytearray()
        self._is_input = bytearray()
        self._is_sum = bytearray()
        self._is_fixed = bytearray()
        # Of schedules' points: as the bytes of an array of doubles, by line.
        self._prices: list[bytes] = []
        self._quantities: list[bytes] = []

    def append(self, line: Line) -> None:
        """Add a line at the next place."""
        party = self._party_number.get(line.party_id)
        if party is None:
            party = self._party_number[line.party_id] = len(self._party_number)
            self._ranks = None
        self._party.append(party)
        self._product.append(self._number[line.product_id])
        need = line.for_product_id
        self._is_input.append(need is not None)
        self._need.append(_NONE if need is None else self._number.get(need, _NONE))
        self._is_bid.append(line.kind == "bid")
        self.amounts.append(0.0)
        self._is_sum.append(False)
        self._is_fixed.append(False)
        self._prices.append(b"")
        self._quantities.append(b"")
        self.replace(len(self._is_bid) - 1, line)

    def replace(self, at: int, line: Line) -> None:
        """Put a line in the place of an earlier one of the same party and product."""
        self._is_sum[at] = line.party_id == line.council_id
        terms = line.terms
        self._is_fixed[at] = terms is not None and terms.is_fixed
        points = () if terms is None else points_of(line)
        self._prices[at] = array("d", [price for price, _ in points]).tobytes()
        self._quantities[at] = array("d", [units for _, units in points]).tobytes()

    def answers(self, counts: bytearray) -> Answers:
        """
        Return the lines that count, as arrays.

        Args:
            counts: by place, whether the line there may count.
        """
        products = len(self._number)
        rank = self._rank()
        # Copies: a view would keep the columns from growing.
        party = rank[np.array(self._party, dtype=np.int64)]
        product = np.array(self._product, dtype=np.int64)
        amount = np.array(self.amounts, dtype=np.float64)
        need = np.array(self._need, dtype=np.int64)
        is_shown = _flags(counts) & ~_flags(self._is_sum)
        is_hidden = _flags(counts) & _flags(self._is_sum)
        is_bid, is_input = _flags(self._is_bid), _flags(self._is_input)
        key = party * products + product

        bids = _in_order(is_shown & is_bid, key)
        plans = _in_order(is_shown & ~is_bid & ~is_input, key)
        inputs = np.flatnonzero(is_shown & is_input & ~is_bid)
        bid = _find(key[bids], party[inputs] * products + need[inputs])
        # A bid that makes nothing shows no shares.
        is_known = (bid >= 0) & (need[inputs] >= 0)
        if len(bids):
            is_known &= amount[bids][np.maximum(bid, 0)] > 0
        is_hidden[inputs[~is_known]] = True
        inputs, bid = inputs[is_known], bid[is_known]
        order = np.lexsort((product[inputs], bid))
        inputs, bid = inputs[order], bid[order]

        # In the order of names, so that a sum of binary fractions is always the same.
        hidden = np.flatnonzero(is_hidden)
        hidden = hidden[np.lexsort((need[hidden], key[hidden], is_bid[hidden]))]
        return Answers(
            bids=Bids(
                company=_numbered(party[bids]),
                product=product[bids],
                quantity=amount[bids],
                is_fixed=_flags(self._is_fixed)[bids],
                schedules=self._schedules(bids),
            ),
            inputs=Inputs(bid=bid, product=product[inputs], quantity=amount[inputs]),
            plans=Plans(
                consumer=_numbered(party[plans]),
                product=product[plans],
                quantity=amount[plans],
                schedules=self._schedules(plans),
            ),
            hidden_supply=_sums(hidden[is_bid[hidden]], product, amount, products),
            hidden_demand=_sums(hidden[~is_bid[hidden]], product, amount, products),
        )

    # Private

    def _rank(self) -> Integers:
        if self._ranks is None:
            names = sorted(self._party_number)
            self._ranks = np.empty(len(names), np.int64)
            self._ranks[[self._party_number[name] for name in names]] = np.arange(
                len(names)
            )
        return self._ranks

    def _schedules(self, places: Integers) -> Schedules:
        listed: list[int] = places.tolist()
        prices = [self._prices[at] for at in listed]
        lengths = np.array([len(one) for one in prices], dtype=np.int64) // 8
        if not lengths.any():
            return NO_SCHEDULES
        quantities = b"".join([self._quantities[at] for at in listed])
        return Schedules(
            line=np.repeat(np.arange(len(listed)), lengths),
            price=np.frombuffer(b"".join(prices)),
            quantity=np.frombuffer(quantities),
        )


def _flags(column: bytearray) -> Flags:
    return np.array(column, dtype=np.uint8).astype(np.bool_)


def _in_order(chosen: Flags, key: Integers) -> Integers:
    # One party has one line for a product, so that the order is settled.
    places = np.flatnonzero(chosen)
    ordered: Integers = places[np.argsort(key[places], kind="stable")]
    return ordered


def _find(ordered: Integers, wanted: Integers) -> Integers:
    # The place of each among the ordered, -1 where it is not there.
    if not len(ordered):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[at] == wanted, at, -1)


def _numbered(ranks: Integers) -> Integers:
    # Ordered ranks as numbers without gaps.
    numbers: Integers = np.unique(ranks, return_inverse=True)[1].astype(np.int64)
    return numbers


def _sums(places: Integers, product: Integers, amount: Floats, products: int) -> Floats:
    return np.bincount(
        product[places], weights=amount[places], minlength=products
    ).astype(np.float64)
