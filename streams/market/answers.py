"""
PURE. What the board sees of one round: every bidder's answer to its prices.

Arrays rather than structs, one entry per line: the price rule looks at tens of
thousands of lines at once. Products, bidders and bids are numbered from 0; who they
are is known to the caller alone. Quantities are units, prices money per unit, both
binary fractions: a price is rounded to the wire's decimals where it is announced.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Schedules(NamedTuple):
    """
    What lines say of other prices, as points between which one goes straight.

    Attributes:
        line: the line that a point belongs to, rising; lines without points have no
            schedule.
        price: of the point, rising within a line.
        quantity: at that price; of plan lines not rising, of bids not falling. Below
            its first point a plan line wants the first quantity, a bid makes nothing;
            beyond its last point a plan line wants nothing, a bid makes the last.
    """

    line: Integers
    price: Floats
    quantity: Floats


class Bids(NamedTuple):
    """
    Attributes:
        company: of each bid.
        product: that it will make. A company may bid for several.
        quantity: that it will make at the announced price.
        is_fixed: whether the quantity is simply there, whatever the price.
        schedules: of bids that have one, by the bid's number.
    """

    company: Integers
    product: Integers
    quantity: Floats
    is_fixed: Flags
    schedules: Schedules


class Inputs(NamedTuple):
    """
    What bids need: the companies' own plan lines, each belonging to a bid.

    Attributes:
        bid: the number of the bid.
        product: that it needs.
        quantity: wanted at the announced price.
    """

    bid: Integers
    product: Integers
    quantity: Floats


class Plans(NamedTuple):
    """
    Consumers' plan lines.

    Attributes:
        consumer: of each line.
        product: that is wanted.
        quantity: wanted at the announced price.
        schedules: of lines that have one, by the line's number.
    """

    consumer: Integers
    product: Integers
    quantity: Floats
    schedules: Schedules


class Answers(NamedTuple):
    """
    All answers to one round's prices.

    Attributes:
        bids, inputs, plans: what single bidders say.
        hidden_supply, hidden_demand: by product, what is known as a sum only.
    """

    bids: Bids
    inputs: Inputs
    plans: Plans
    hidden_supply: Floats
    hidden_demand: Floats


class Round(NamedTuple):
    """A round: the prices that were announced, by product, and what was answered."""

    prices: Floats
    answers: Answers


NO_SCHEDULES = Schedules(
    line=np.zeros(0, np.int64), price=np.zeros(0), quantity=np.zeros(0)
)
"""What bidders without schedules have."""


def supply_of(answers: Answers) -> Floats:
    """Return planned supply S by product, in units."""
    bids = answers.bids
    products = len(answers.hidden_supply)
    own = np.bincount(bids.product, weights=bids.quantity, minlength=products)
    return own + answers.hidden_supply


def demand_of(answers: Answers) -> Floats:
    """Return planned demand D by product, in units."""
    plans, inputs = answers.plans, answers.inputs
    products = len(answers.hidden_demand)
    wanted = np.bincount(plans.product, weights=plans.quantity, minlength=products)
    needed = np.bincount(inputs.product, weights=inputs.quantity, minlength=products)
    return wanted + needed + answers.hidden_demand


def imbalance_percent(supply: Floats, demand: Floats) -> Floats:
    """
    Return v = 200 (S - D) / (S + D) by product; 0 where both are 0.

    Source: docs/economics.md, Planning.
    """
    total = supply + demand
    known = total > 0
    return np.divide(
        200 * (supply - demand), total, out=np.zeros_like(total), where=known
    )
