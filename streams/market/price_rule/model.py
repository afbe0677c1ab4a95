"""
PURE. A model of how everybody who bids will answer other prices.

A consumer divides its budget with a constant elasticity of substitution s, from the
shares w that its plan lines show (docs/decisions/price_rule.md derives all of it):

    d ln d = -s dx - ln sum(w exp((1 - s) dx))      x: a price's logarithm

A company makes what earns most. With B the share of its revenue that its inputs cost,
C the cost of its inputs together, and r = 1 / returns (read off a second round):

    d ln q = r (d ln L - B d ln C) - d ln L       L: what a unit of it earns
    d ln input = d ln q + d ln L - s dx - (1 - s) d ln C

Bidders with a schedule answer by it. What is known as a sum moves as those do who
are seen in the same product, or, where nobody is, with an elasticity of its own.
"""

from typing import Any, Final, NamedTuple, Protocol

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


class Owned(Protocol):
    """Lines that belong to owners and to products."""

    @property
    def owner(self) -> Integers: ...  # noqa: D102 - as in Baskets
    @property
    def product(self) -> Integers: ...  # noqa: D102 - as in Baskets


def shared(
    lines: Owned, quantity: Floats, distance: Floats, log_prices: Floats
) -> Baskets:
    """Make baskets of what lines say at some prices."""
    owner, product = lines.owner, lines.product
    spent = quantity * np.exp(log_prices)[product]
    total = summed(owner, spent, len(distance))[owner]
    share = np.divide(spent, total, out=np.zeros_like(spent), where=total > 0)
    return Baskets(owner, product, quantity, share, distance)


class Makers(NamedTuple):
    """
    Attributes:
        outputs: the bids, by process. What a process earns with a unit is the sum of
            their prices in fixed proportions: a basket of elasticity 0.
        cost_share: by process, B of what it earns where it makes what earns most.
        response: by process, r.
        gap: by process, how far ln(cost share) lies below ln B at the anchor: what is
            made to capacity costs less than it could earn.
        most: by process, ln of what it can make by what it makes at the anchor.
        is_still: by process, whether it makes the same whatever the price.
    """

    outputs: Baskets
    cost_share: Floats
    response: Floats
    gap: Floats
    most: Floats
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
        plans, inputs: what is wanted; inputs belong to processes.
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
    has_plan_curve: Flags
    output_share: Floats
    input_share: Floats
    bids: Floats
    bid_slope: Floats
    # By process: whether a curve (or nothing) moves it, and whether it is full.
    is_led: Flags
    is_full: Flags
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
    plans, makers, inputs = model.plans, model.bids, model.inputs
    outputs = makers.outputs
    # Plan lines.
    log_cost, plan_share = plans.cost(dx)
    distance = plans.distance[plans.owner]
    change = (
        -(1 - distance) * dx[plans.product] - (plans.distance * log_cost)[plans.owner]
    )
    wanted = plans.quantity * _grown(change)
    plan_slope = -(1 - distance) * wanted
    has_plan_curve = np.zeros(len(wanted), bool)
    at = model.plan_curves.line
    wanted[at], plan_slope[at] = model.plan_curves.at(prices[plans.product[at]])
    has_plan_curve[at] = True
    # Processes: what earns most, up to capacity.
    log_earned, output_share = outputs.cost(dx)
    log_cost, input_share = inputs.cost(dx)
    r, share = makers.response, makers.cost_share
    free = (r - 1) * makers.gap + r * (log_earned - share * log_cost) - log_earned
    is_full = free > makers.most
    growth = np.where(is_full, makers.most, free)
    growth = np.where(makers.is_still, 0.0, np.clip(growth, -50, _MOST_GROWTH))
    made = outputs.quantity * np.exp(growth)[outputs.owner]
    # Bids with a curve are processes by themselves.
    is_led = makers.is_still.copy()
    bid_slope = np.zeros(len(made))
    at = model.bid_curves.line
    of = outputs.owner[at]
    made[at], bid_slope[at] = model.bid_curves.at(prices[outputs.product[at]])
    known = outputs.quantity[at] > 0
    grown = made[at] / np.where(known, outputs.quantity[at], 1.0)
    growth[of] = np.where(known, np.log(np.maximum(grown, 1e-20)), 0.0)
    is_led[of] = True
    is_full &= ~is_led
    # Inputs: what a process spends on them, and how it divides that.
    spent = np.where(
        is_led,
        growth + log_cost,
        np.where(
            is_full,
            (growth + share * log_cost) / _power(r),
            growth + log_earned + makers.gap,
        ),
    )
    of = inputs.owner
    distance = inputs.distance[of]
    change = (spent - inputs.distance * log_cost)[of]
    needed = inputs.quantity * _grown(change - (1 - distance) * dx[inputs.product])
    return _Lines(
        dx,
        plan_share,
        wanted,
        plan_slope,
        has_plan_curve,
        output_share,
        input_share,
        made,
        bid_slope,
        is_led,
        is_full,
        needed,
    )


def _sums(model: Model, lines: _Lines) -> tuple[Floats, Floats]:
    sums, size = model.sums, len(lines.dx)
    plans, inputs, outputs = model.plans, model.inputs, model.bids.outputs
    made = lines.bids * sums.like_others_supply[outputs.product]
    supply = summed(outputs.product, made, size)
    supply += sums.own_supply * _grown(sums.elasticity_supply * lines.dx)
    demand = summed(plans.product, lines.plans, size)
    demand += summed(inputs.product, lines.inputs, size)
    demand *= sums.like_others_demand
    demand += sums.own_demand * _grown(-sums.elasticity_demand * lines.dx)
    return supply, demand


def _slopes(model: Model, lines: _Lines) -> Slopes:
    sums, size = model.sums, len(lines.dx)
    plans, inputs = model.plans, model.inputs
    supply, demand = _own_slopes(model, lines)
    factors: list[tuple[Matrix, Matrix, bool]] = []
    # Consumers: a price that rises leaves less for the rest, if they cannot do
    # without what it buys.
    owners = len(plans.distance)
    apart = np.where(lines.has_plan_curve, 0.0, plans.distance[plans.owner])
    if len(apart) and np.abs(apart).max() > 2 * _UNIT:
        weight = -apart * lines.plans * sums.like_others_demand[plans.product]
        left = _matrix(weight, plans.product, plans.owner, size, owners)
        right = _matrix(lines.plan_share, plans.owner, plans.product, owners, size)
        factors.append((left, right, True))
    made, growth, spent = _process_slopes(model, lines)
    factors.append((made, growth, False))
    # Inputs are divided anew by what each costs.
    owners = len(inputs.distance)
    divided = -inputs.distance[inputs.owner] * lines.input_share
    shares = _matrix(divided, inputs.owner, inputs.product, owners, size)
    needed = lines.inputs * sums.like_others_demand[inputs.product]
    left = _matrix(needed, inputs.product, inputs.owner, size, owners)
    factors.append((left, spent + shares, True))
    return Slopes(supply, demand, factors)


def _own_slopes(model: Model, lines: _Lines) -> tuple[Floats, Floats]:
    # Slopes of supply and demand in the own price, as far as they are a line's own.
    sums, size = model.sums, len(lines.dx)
    plans, inputs, outputs = model.plans, model.inputs, model.bids.outputs
    less = (1 - inputs.distance[inputs.owner]) * lines.inputs
    demand = summed(plans.product, lines.plan_slope, size)
    demand -= summed(inputs.product, less, size)
    demand *= sums.like_others_demand
    grown = sums.own_demand * _grown(-sums.elasticity_demand * lines.dx)
    demand -= sums.elasticity_demand * grown
    more = lines.bid_slope * sums.like_others_supply[outputs.product]
    grown = sums.own_supply * _grown(sums.elasticity_supply * lines.dx)
    supply = summed(outputs.product, more, size) + sums.elasticity_supply * grown
    return supply, demand


def _process_slopes(model: Model, lines: _Lines) -> tuple[Matrix, Matrix, Matrix]:
    # What is made (products x processes), and how what a process makes and spends
    # grows with prices (processes x products).
    makers, inputs, size = model.bids, model.inputs, len(lines.dx)
    outputs = makers.outputs
    count = len(makers.response)
    moved = ~lines.is_led & ~lines.is_full
    r, share = makers.response, makers.cost_share
    by_output = np.where(moved, r - 1, 0.0)[outputs.owner] * lines.output_share
    by_input = -np.where(moved, r * share, 0.0)[inputs.owner] * lines.input_share
    growth = _both(outputs, inputs, by_output, by_input, count, size)
    # A led process spends by what it makes: its growth is its curve's slope.
    relative = np.divide(
        lines.bid_slope, lines.bids, out=np.zeros_like(lines.bids), where=lines.bids > 0
    )
    by_output = np.where(moved, r, 0.0)[outputs.owner] * lines.output_share + relative
    cost = np.where(lines.is_led, 1.0, share / _power(r))
    by_input += np.where(moved, 0.0, cost)[inputs.owner] * lines.input_share
    spent = _both(outputs, inputs, by_output, by_input, count, size)
    made = lines.bids * model.sums.like_others_supply[outputs.product]
    return _matrix(made, outputs.product, outputs.owner, size, count), growth, spent


def _both(
    outputs: Baskets,
    inputs: Baskets,
    by_output: Floats,
    by_input: Floats,
    count: int,
    size: int,
) -> Matrix:
    return _matrix(
        np.concatenate([by_output, by_input]),
        np.concatenate([outputs.owner, inputs.owner]),
        np.concatenate([outputs.product, inputs.product]),
        count,
        size,
    )


def _power(response: Floats) -> Floats:
    # The sum of a process's exponents: r = 1 / (1 - power).
    return np.maximum(1 - 1 / np.maximum(response, 1.0), 0.3)


def _grown(change: Floats) -> Floats:
    return np.exp(np.clip(change, -50, _MOST_GROWTH))


def _matrix(
    entries: Floats, row: Integers, column: Integers, rows: int, columns: int
) -> Matrix:
    return sparse.csr_array((entries, (row, column)), shape=(rows, columns))


def nearly(distance: Floats) -> Floats:
    """Keep a distance from elasticity 1 off 0, which the formulas divide by."""
    return np.where(np.abs(distance) < _UNIT, _UNIT, distance)
