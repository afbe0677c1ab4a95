"""
PURE. A model of how everybody who bids will answer other prices.

A consumer divides its budget with a constant elasticity of substitution s, from the
shares w that its plan lines show (docs/decisions/price_rule.md derives all of it):

    d ln d = -s dx - ln sum(w exp((1 - s) dx))      x: a price's logarithm

A company makes what earns most. With B the share of its revenue that its inputs cost,
C the cost of its inputs together, and r = 1 / returns (read off a second round):

    d ln q = r (dx_product - B d ln C) - dx_product
    d ln input = d ln q + dx_product - s dx - (1 - s) d ln C

Bidders with a schedule answer by it. What is known as a sum moves as those do who
are seen in the same product, or, where nobody is, with an elasticity of its own.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.book import summed
from streams.market.price_rule.curves import Curves

Matrix = Any
"""A scipy.sparse matrix, by its use: rows and columns are said at each."""

_MOST_GROWTH: Final = 25.0
"""Bound of d ln q: a company may grow by e^25 in a forecast, which is far beyond any
answer that is followed, and still sums to a finite number."""

_UNIT: Final = 1e-6
"""An elasticity as near to 1 as this is 1: the formulas divide by their distance."""


class Baskets(NamedTuple):
    """
    Lines that share a budget or a cost.

    Attributes:
        owner: consumer or bid of each line.
        product: of each line.
        quantity: of each line at the anchor's prices.
        share: of each line in what its owner spends there.
        distance: by owner, 1 less its elasticity of substitution; never quite 0.
    """

    owner: Integers
    product: Integers
    quantity: Floats
    share: Floats
    distance: Floats

    def cost(self, dx: Floats) -> tuple[Floats, Floats]:
        """
        Return by owner d ln C, and by line its share at the new prices.

        Args:
            dx: change of ln p by product.
        """
        distance = self.distance[self.owner]
        with np.errstate(over="ignore"):
            growth = np.expm1(np.clip(distance * dx[self.product], -50, 50))
        total = summed(self.owner, self.share * growth, len(self.distance))
        # Not below -1: shares add up to 1 or, without lines, to 0.
        total = np.maximum(total, -1 + 1e-22)
        share = self.share * (1 + growth) / (1 + total)[self.owner]
        return np.log1p(total) / self.distance, share


class Makers(NamedTuple):
    """
    Bids, as what they say about other prices.

    Attributes:
        product: of each bid.
        quantity: at the anchor's prices.
        cost_share: B, of what the bid earns.
        response: r; 0 for a bid that is simply there.
        is_still: whether the quantity is the same whatever the price.
    """

    product: Integers
    quantity: Floats
    cost_share: Floats
    response: Floats
    is_still: Flags


class Sums(NamedTuple):
    """
    What is known by product only.

    Attributes:
        like_others_supply, like_others_demand: factors on what is seen.
        own_supply, own_demand: quantities at the anchor's prices, where nobody is seen.
        elasticity_supply, elasticity_demand: of those.
    """

    like_others_supply: Floats
    like_others_demand: Floats
    own_supply: Floats
    own_demand: Floats
    elasticity_supply: Floats
    elasticity_demand: Floats


class Model(NamedTuple):
    """
    Attributes:
        log_prices: the anchor: where the quantities were answered.
        plans, inputs: what is wanted; inputs belong to bids.
        bids: what is made.
        plan_curves, bid_curves: of lines that have one, instead of the formulas.
        sums: what is known by product only.
    """

    log_prices: Floats
    plans: Baskets
    bids: Makers
    inputs: Baskets
    plan_curves: Curves
    bid_curves: Curves
    sums: Sums


class Slopes(NamedTuple):
    """
    Slopes of supply and demand in ln p, as sums of diagonals and products.

    Attributes:
        supply, demand: the diagonals, by product.
        factors: pairs (products x owners, owners x products), and their sign in
            supply and demand: (left, right, is_demand).
    """

    supply: Floats
    demand: Floats
    factors: list[tuple[Matrix, Matrix, bool]]


class Forecast(NamedTuple):
    """What the model says of some prices: by product, and by line."""

    supply: Floats
    demand: Floats
    plans: Floats
    bids: Floats
    inputs: Floats


class _Lines(NamedTuple):
    # All that a forecast and its slopes have in common.
    dx: Floats
    plan_share: Floats
    plans: Floats
    plan_slope: Floats
    input_share: Floats
    growth: Floats
    bids: Floats
    bid_slope: Floats
    is_curve: Flags
    plan_is_curve: Flags
    inputs: Floats


def forecast(model: Model, log_prices: Floats) -> Forecast:
    """Return what everybody will answer to other prices."""
    lines = _lines(model, log_prices)
    supply, demand = _sums(model, lines)
    return Forecast(supply, demand, lines.plans, lines.bids, lines.inputs)


def forecast_with_slopes(
    model: Model, log_prices: Floats
) -> tuple[Floats, Floats, Slopes]:
    """Return supply and demand at other prices, and their slopes there."""
    lines = _lines(model, log_prices)
    supply, demand = _sums(model, lines)
    return supply, demand, _slopes(model, lines)


def _lines(model: Model, log_prices: Floats) -> _Lines:
    dx = log_prices - model.log_prices
    prices = np.exp(log_prices)
    plans, bids, inputs = model.plans, model.bids, model.inputs
    # Plan lines
    log_cost, plan_share = plans.cost(dx)
    distance = plans.distance[plans.owner]
    spent_less = distance * log_cost[plans.owner]
    change = -(1 - distance) * dx[plans.product] - spent_less
    wanted = plans.quantity * np.exp(np.clip(change, -50, _MOST_GROWTH))
    plan_slope = -(1 - distance) * wanted
    plan_is_curve = np.zeros(len(wanted), bool)
    at = model.plan_curves.line
    if len(at):
        wanted[at], plan_slope[at] = model.plan_curves.at(prices[plans.product[at]])
        plan_is_curve[at] = True
    # Bids
    log_cost, input_share = inputs.cost(dx)
    d_product = dx[bids.product]
    growth = bids.response * (d_product - bids.cost_share * log_cost) - d_product
    growth = np.where(bids.is_still, 0.0, np.clip(growth, -50, _MOST_GROWTH))
    made = bids.quantity * np.exp(growth)
    bid_slope = np.where(bids.is_still, 0.0, (bids.response - 1) * made)
    is_curve = bids.is_still.copy()
    at = model.bid_curves.line
    if len(at):
        made[at], bid_slope[at] = model.bid_curves.at(prices[bids.product[at]])
        is_curve[at] = True
        known = bids.quantity[at] > 0
        with np.errstate(divide="ignore"):
            ratio = np.log(made[at]) - np.log(np.where(known, bids.quantity[at], 1.0))
        growth[at] = np.where(known, np.clip(ratio, -50, _MOST_GROWTH), 0.0)
    # Inputs: of a bid with a curve, or one simply there, at least cost for what it
    # makes; of the others, as earns most.
    of = inputs.owner
    distance = inputs.distance[of]
    earned = np.where(is_curve, 0.0, d_product)[of]
    substitution = np.where(is_curve[of], 1 - distance, -distance) * log_cost[of]
    change = growth[of] + earned - (1 - distance) * dx[inputs.product] + substitution
    needed = inputs.quantity * np.exp(np.clip(change, -50, 2 * _MOST_GROWTH))
    return _Lines(
        dx,
        plan_share,
        wanted,
        plan_slope,
        input_share,
        growth,
        made,
        bid_slope,
        is_curve,
        plan_is_curve,
        needed,
    )


def _sums(model: Model, lines: _Lines) -> tuple[Floats, Floats]:
    sums, size = model.sums, len(lines.dx)
    bids, plans, inputs = model.bids, model.plans, model.inputs
    made = lines.bids * sums.like_others_supply[bids.product]
    supply = summed(bids.product, made, size)
    supply += sums.own_supply * _grown(sums.elasticity_supply * lines.dx)
    demand = summed(plans.product, lines.plans, size)
    demand += summed(inputs.product, lines.inputs, size)
    demand *= sums.like_others_demand
    demand += sums.own_demand * _grown(-sums.elasticity_demand * lines.dx)
    return supply, demand


def _slopes(model: Model, lines: _Lines) -> Slopes:
    sums, size = model.sums, len(lines.dx)
    bids, plans, inputs = model.bids, model.plans, model.inputs
    by_others = sums.like_others_demand
    factors: list[tuple[Matrix, Matrix, bool]] = []
    # Demand's own slopes.
    demand = summed(plans.product, lines.plan_slope, size)
    of = inputs.owner
    distance = inputs.distance[of]
    demand -= summed(inputs.product, (1 - distance) * lines.inputs, size)
    demand *= by_others
    demand -= (
        sums.elasticity_demand
        * sums.own_demand
        * _grown(-sums.elasticity_demand * lines.dx)
    )
    supply = (
        sums.elasticity_supply
        * sums.own_supply
        * _grown(sums.elasticity_supply * lines.dx)
    )
    # Consumers: a price that rises leaves less for the rest, if they cannot do
    # without what it buys.
    apart = np.where(lines.plan_is_curve, 0.0, plans.distance[plans.owner])
    if len(apart) and np.abs(apart).max() > 2 * _UNIT:
        weight = -apart * lines.plans * by_others[plans.product]
        factors.append(
            (
                _matrix(weight, plans.product, plans.owner, size, len(plans.distance)),
                _matrix(
                    lines.plan_share,
                    plans.owner,
                    plans.product,
                    len(plans.distance),
                    size,
                ),
                True,
            )
        )
    # Companies: output moves with its own price and with its inputs'.
    count = len(bids.product)
    number = np.arange(count)
    is_free = ~lines.is_curve
    relative = np.divide(
        lines.bid_slope, lines.bids, out=np.zeros(count), where=lines.bids > 0
    )
    reach = np.where(is_free, bids.response * bids.cost_share, 0.0)
    growth = _matrix(
        np.concatenate([relative, -reach[of] * lines.input_share]),
        np.concatenate([number, of]),
        np.concatenate([bids.product, inputs.product]),
        count,
        size,
    )
    made = lines.bids * sums.like_others_supply[bids.product]
    left = _matrix(made, bids.product, number, size, count)
    factors.append((left, growth, False))
    # Inputs: with their bid's output and revenue, and by what the others cost.
    earned = _matrix(np.where(is_free, 1.0, 0.0), number, bids.product, count, size)
    substitution = np.where(is_free[of], -distance, 1 - distance)
    shares = _matrix(substitution * lines.input_share, of, inputs.product, count, size)
    needed = lines.inputs * by_others[inputs.product]
    left = _matrix(needed, inputs.product, of, size, count)
    factors.append((left, growth + earned + shares, True))
    return Slopes(supply, demand, factors)


def _grown(change: Floats) -> Floats:
    return np.exp(np.clip(change, -50, _MOST_GROWTH))


def _matrix(
    entries: Floats, row: Integers, column: Integers, rows: int, columns: int
) -> Matrix:
    return sparse.csr_array((entries, (row, column)), shape=(rows, columns))


def nearly(distance: Floats) -> Floats:
    """Keep a distance from elasticity 1 off 0, which the formulas divide by."""
    return np.where(np.abs(distance) < _UNIT, _UNIT, distance)
