"""
PURE. Lines of the book as the arrays that the price rule takes.

Made anew for every look: some 30 ms for 80,000 lines, most of it for turning Python's
lists into arrays. What is numbered is numbered by name, never by arrival.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from schemas.rows import Line
from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Bids,
    Floats,
    Inputs,
    Plans,
    Schedules,
)
from streams.market.planning.points import points_of

_BID: Final = "bid"


class Said(NamedTuple):
    """A line that counts, and what it amounts to at the announced price."""

    line: Line
    amount: float


def answers_of(
    said: Iterable[Said], number: Mapping[str, int], councils: frozenset[str]
) -> Answers:
    """
    Return the lines as arrays.

    Args:
        said: the lines that count, in any order.
        number: of each product.
        councils: names of councils: a line in such a name is a sum.
    """
    supply, demand = np.zeros(len(number)), np.zeros(len(number))
    bids: list[Said] = []
    plans: list[Said] = []
    needs: list[Said] = []
    hidden: list[Said] = []
    for one in said:
        line = one.line
        if line.party_id == line.council_id or line.party_id in councils:
            hidden.append(one)
        elif line.kind == _BID:
            bids.append(one)
        elif line.for_product_id is not None:
            needs.append(one)
        else:
            plans.append(one)
    bids.sort(key=_by_party)
    plans.sort(key=_by_party)
    place = {(one.line.party_id, one.line.product_id): n for n, one in enumerate(bids)}
    inputs: list[tuple[int, int, float]] = []
    for one in needs:
        line = one.line
        bid = place.get((line.party_id, line.for_product_id or ""))
        # A bid that makes nothing shows no shares.
        if bid is None or not bids[bid].amount:
            hidden.append(one)
        else:
            inputs.append((bid, number[line.product_id], one.amount))
    inputs.sort()
    hidden.sort(key=_by_party)  # so that a sum of floats is the same each time
    for one in hidden:
        side = supply if one.line.kind == _BID else demand
        side[number[one.line.product_id]] += one.amount
    return Answers(
        bids=Bids(
            company=_parties(bids),
            product=_products(bids, number),
            quantity=_amounts(bids),
            is_fixed=np.array([_is_fixed(one.line) for one in bids], dtype=np.bool_),
            schedules=_schedules(bids),
        ),
        inputs=Inputs(
            bid=np.array([bid for bid, _, _ in inputs], dtype=np.int64),
            product=np.array([product for _, product, _ in inputs], dtype=np.int64),
            quantity=np.array([amount for *_, amount in inputs], dtype=np.float64),
        ),
        plans=Plans(
            consumer=_parties(plans),
            product=_products(plans, number),
            quantity=_amounts(plans),
            schedules=_schedules(plans),
        ),
        hidden_supply=supply,
        hidden_demand=demand,
    )


def _by_party(one: Said) -> tuple[str, str, str]:
    line = one.line
    return (line.party_id, line.product_id, line.for_product_id or "")


def _parties(said: list[Said]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    # Sorted by party, so each new name gets the next number.
    numbers: dict[str, int] = {}
    return np.array(
        [numbers.setdefault(one.line.party_id, len(numbers)) for one in said],
        dtype=np.int64,
    )


def _products(
    said: list[Said], number: Mapping[str, int]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array([number[one.line.product_id] for one in said], dtype=np.int64)


def _amounts(said: list[Said]) -> Floats:
    return np.array([one.amount for one in said], dtype=np.float64)


def _is_fixed(line: Line) -> bool:
    return line.terms is not None and line.terms.is_fixed


def _schedules(said: list[Said]) -> Schedules:
    lines: list[int] = []
    prices: list[float] = []
    quantities: list[float] = []
    for n, one in enumerate(said):
        terms = one.line.terms
        if terms is None or terms.is_fixed:
            continue
        points = points_of(one.line)
        lines.extend([n] * len(points))
        prices.extend([price for price, _ in points])
        quantities.extend([quantity for _, quantity in points])
    if not lines:
        return NO_SCHEDULES
    return Schedules(
        line=np.array(lines, dtype=np.int64),
        price=np.array(prices, dtype=np.float64),
        quantity=np.array(quantities, dtype=np.float64),
    )
