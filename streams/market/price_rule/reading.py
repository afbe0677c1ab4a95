"""
PURE. Reads the model off the rounds: shares from one, elasticities from a second.

What a round cannot show is taken as what most have: elasticity 1 (constant shares), no
effort but what inputs cost. Every further round is held against that, bidder by
bidder; who answers as expected keeps it. Averages over the rounds take noise out.
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.book import Book, Lines, summed
from streams.market.price_rule.curves import curves_of
from streams.market.price_rule.model import (
    Baskets,
    Makers,
    Model,
    Sums,
    nearly,
)

SUBSTITUTION: Final = (0.05, 6.0)
"""Bounds of elasticities: beyond them a difference is noise or a lie, and the prices
that clear hardly differ any more."""

LEAST_RETURNS: Final = 0.04
"""Least share of its revenue that is taken to be left to a company: below, its answer
to a price is taken as that of an elasticity of 25. Increasing returns have none."""

OFFER_RESPONSE: Final = 2.0
"""Of a bid without inputs, until a second round tells: an elasticity of 1."""

SPREAD: Final = 0.7
"""How far bidders' elasticities differ from one another, as a standard deviation: what
noise must be held against before one of them is believed."""

SEEN_ENOUGH: Final = 0.05
"""Part of a product's sum that must be seen in bids for the rest to be taken as like
it; with less, a sum moves with an elasticity of its own."""

HIDDEN_SUPPLY_ELASTICITY: Final = 2.0
HIDDEN_DEMAND_ELASTICITY: Final = 1.5
"""Of sums of whom nobody is seen: between a fixed supply and that of companies whose
inputs cost four fifths of what they earn (4), and somewhat more than a fixed budget."""


class Differences(NamedTuple):
    """
    What changed between each earlier round and the newest, in logarithms.

    Attributes:
        plans, bids, inputs: one row per earlier round, by line; NaN where unknown.
        prices: likewise, by product.
    """

    plans: Floats
    bids: Floats
    inputs: Floats
    prices: Floats


def read(book: Book) -> Model:
    """Make the model of those who bid in the newest round."""
    change = differences(book)
    plans = _plans(book, change)
    inputs = _inputs(book, change)
    bids = _bids(book, change, inputs)
    plan_curves = curves_of(book.plans.schedules, rising=False)
    bid_curves = curves_of(book.bids.schedules, rising=True)
    return Model(
        log_prices=book.log_prices[-1],
        plans=plans,
        bids=bids,
        inputs=inputs,
        plan_curves=plan_curves,
        bid_curves=bid_curves,
        sums=_sums(book),
    )


def differences(book: Book) -> Differences:
    """Return what changed between each earlier round and the newest."""
    prices = book.log_prices[-1] - book.log_prices[:-1]
    return Differences(
        _changed(book.plans), _changed(book.bids), _changed(book.inputs), prices
    )


def _changed(lines: Lines) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(lines.quantity)
    logs[~np.isfinite(logs)] = np.nan
    changed: Floats = logs[-1] - logs[:-1]
    return changed


def _plans(book: Book, change: Differences) -> Baskets:
    lines = book.plans
    owners = int(lines.owner.max(initial=-1)) + 1
    return _baskets(book, lines, owners, change.plans, change.prices)


def _inputs(book: Book, change: Differences) -> Baskets:
    return _baskets(
        book, book.inputs, len(book.bids.owner), change.inputs, change.prices
    )


def _baskets(
    book: Book, lines: Lines, owners: int, change: Floats, prices: Floats
) -> Baskets:
    quantity = lines.quantity[-1]
    spent = quantity * np.exp(book.log_prices[-1])[lines.product]
    total = summed(lines.owner, spent, owners)[lines.owner]
    share = np.divide(spent, total, out=np.zeros_like(spent), where=total > 0)
    substitution = _substitution(lines, owners, change, prices)
    return Baskets(
        lines.owner, lines.product, quantity, share, nearly(1 - substitution)
    )


def _substitution(lines: Lines, owners: int, change: Floats, prices: Floats) -> Floats:
    # Within a basket: whose price rose more than the others', was taken less.
    top, bottom, square = np.zeros(owners), np.zeros(owners), np.zeros(owners)
    freedom = np.zeros(owners)
    for changed, d_prices in zip(change, prices, strict=True):
        moved = d_prices[lines.product]
        known = np.isfinite(changed)
        u = _within(lines.owner, owners, np.where(known, changed, 0.0), known)
        v = _within(lines.owner, owners, np.where(known, moved, 0.0), known)
        top -= summed(lines.owner, u * v, owners)
        bottom += summed(lines.owner, v * v, owners)
        square += summed(lines.owner, u * u, owners)
        count = summed(lines.owner, known, owners)
        freedom += np.maximum(count - 1, 0)
    return _believed(top, bottom, square, freedom, 1.0, SUBSTITUTION)


def _within(owner: Integers, owners: int, value: Floats, known: Flags) -> Floats:
    # What a line's value is beyond its basket's mean.
    count = summed(owner, known, owners)
    mean = summed(owner, value, owners) / np.maximum(count, 1)
    return np.where(known, value - mean[owner], 0.0)


def _believed(
    top: Floats,
    bottom: Floats,
    square: Floats,
    freedom: Floats,
    expected: Floats | float,
    bounds: tuple[float, float],
) -> Floats:
    # A slope by owner: its own as far as noise lets it be known, otherwise what is
    # expected. top / bottom is its own; square what it must explain.
    own = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 1e-18)
    own = np.clip(own, *bounds)
    left = np.maximum(square - 2 * own * top + own * own * bottom, 0)
    spare = freedom - 1
    known = (spare > 0) & (bottom > 1e-18)
    noise = float(np.median(left[known] / spare[known])) if known.any() else 0.0
    weight = noise / SPREAD**2 + 1e-12
    return np.clip((top + weight * expected) / (bottom + weight), *bounds)


def _bids(book: Book, change: Differences, inputs: Baskets) -> Makers:
    lines = book.bids
    count = len(lines.owner)
    prices = np.exp(book.log_prices)
    quantity = lines.quantity[-1]
    # The share that inputs cost, averaged over the rounds that show it.
    total, seen = np.zeros(count), np.zeros(count)
    for number in range(book.rounds):
        spent = book.inputs.quantity[number] * prices[number][book.inputs.product]
        cost = summed(book.inputs.owner, np.nan_to_num(spent), count)
        earned = np.nan_to_num(lines.quantity[number] * prices[number][lines.product])
        known = earned > 0
        share = np.divide(cost, earned, out=np.zeros(count), where=known)
        total += np.minimum(share, 2.0)
        seen += known
    cost_share = total / np.maximum(seen, 1)
    expected = 1 / np.maximum(1 - cost_share, LEAST_RETURNS)
    has_inputs = np.bincount(inputs.owner, minlength=count) > 0
    expected = np.where(has_inputs, expected, OFFER_RESPONSE)
    # Revenue moves with the price less what inputs cost more, times the response.
    top, bottom, square = np.zeros(count), np.zeros(count), np.zeros(count)
    freedom = np.zeros(count)
    for changed, d_prices in zip(change.bids, change.prices, strict=True):
        # The model runs from the newest round: costs are those of its shares.
        log_cost = -inputs.cost(-d_prices)[0]
        d_product = d_prices[lines.product]
        known = np.isfinite(changed)
        margin = np.where(known, d_product - cost_share * log_cost, 0.0)
        revenue = np.where(known, np.nan_to_num(changed) + d_product, 0.0)
        top += revenue * margin
        bottom += margin * margin
        square += revenue * revenue
        freedom += known
    response = _believed(
        top, bottom, square, freedom, expected, (0.0, 1 / LEAST_RETURNS)
    )
    return Makers(lines.product, quantity, cost_share, response, book.is_fixed)


def _sums(book: Book) -> Sums:
    supply, demand = book.supply[-1], book.demand[-1]
    hidden_supply, hidden_demand = book.hidden_supply[-1], book.hidden_demand[-1]
    seen_supply = np.maximum(supply - hidden_supply, 0.0)
    seen_demand = np.maximum(demand - hidden_demand, 0.0)
    like_supply, own_supply = _like_others(seen_supply, hidden_supply)
    like_demand, own_demand = _like_others(seen_demand, hidden_demand)
    size = book.products
    return Sums(
        like_supply,
        like_demand,
        own_supply,
        own_demand,
        np.full(size, HIDDEN_SUPPLY_ELASTICITY),
        np.full(size, HIDDEN_DEMAND_ELASTICITY),
    )


def _like_others(seen: Floats, hidden: Floats) -> tuple[Floats, Floats]:
    is_enough = seen > SEEN_ENOUGH * (seen + hidden)
    safe = np.where(is_enough, seen, 1.0)
    return (
        np.where(is_enough, 1 + hidden / safe, 1.0),
        np.where(is_enough, 0.0, hidden),
    )
