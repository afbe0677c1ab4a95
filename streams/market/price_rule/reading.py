"""
PURE. Reads the model off the rounds: shares from one, elasticities from a second.

What a round cannot show is taken as what most have: elasticity 1 (constant shares), no
effort but what inputs cost. Every further round is held against that, bidder by
bidder; who answers as expected keeps it. What earlier rounds say is carried to the
newest prices and averaged with what was said there, as far as that takes out noise.
"""

from typing import Final

import numpy as np

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.averaging import averaged
from streams.market.price_rule.book import Book, Lines, log_of, summed
from streams.market.price_rule.curves import Curves, chosen, curves_of
from streams.market.price_rule.learning import believed
from streams.market.price_rule.makers import read_makers
from streams.market.price_rule.model import Baskets, Model, Sums, nearly, shared
from streams.market.price_rule.processes import processes
from streams.market.price_rule.seen_curves import joined, seen_curves
from streams.market.price_rule.stated import (
    stated_budgets,
    stated_processes,
    without,
)

SUBSTITUTION: Final = (0.05, 6.0)
"""Bounds of elasticities: beyond them a difference is noise or a lie, and the prices
that clear hardly differ any more."""

UNEXPLAINED: Final = 0.15
"""Root mean square of ln(quantity) that a budget may leave unexplained, beyond three
times what it leaves of most: others are read by their lines' own answers."""

MOVED: Final = 0.02
STOOD: Final = 1e-3
"""A schedule stands if a price that moved by this much in ln p was answered within
this much of what it says."""

SEEN_ENOUGH: Final = 0.05
"""Part of a product's sum that must be seen in bids for the rest to be taken as like
it; with less, a sum moves with an elasticity of its own."""

HIDDEN_SUPPLY_ELASTICITY: Final = 2.0
HIDDEN_DEMAND_ELASTICITY: Final = 1.5
"""Of sums of whom nobody is seen: between a fixed supply and that of companies whose
inputs cost four fifths of what they earn (4), and somewhat more than a fixed budget."""


def read(book: Book) -> Model:
    """Make the model of those who bid in the newest round."""
    process = processes(book)
    count = int(process.max(initial=-1)) + 1
    consumers = int(book.plans.owner.max(initial=-1)) + 1
    needs = book.inputs._replace(owner=process[book.inputs.owner])
    plan_distance, unexplained = _distance(book, book.plans, consumers)
    need_distance, _ = _distance(book, needs, count)
    made = book.bids._replace(owner=process)
    # A unit of a process earns its bids' prices in fixed proportions.
    plain = np.ones(count)
    plan_curves = curves_of(book.plans.schedules, rising=False)
    bid_curves = curves_of(book.bids.schedules, rising=True)
    prices = np.exp(book.log_prices[-1])
    outputs = _basket(book, made, plain, -1)
    has_inputs = np.bincount(needs.owner, minlength=count) > 0
    stated = stated_processes(book.bids.schedules, outputs, has_inputs, prices)
    stands = _stands(book, book.bids, bid_curves)
    stated = without(stated, process[stands])
    makers = read_makers(
        book, process, _basket(book, needs, need_distance, -1), outputs, stated
    )
    # A company whose costs move makes another quantity than its schedule says, unless
    # it was seen to stand by it.
    is_led = ~has_inputs[process] | (book.bids.quantity[-1] <= 0)
    is_led[stands] = True
    bid_curves = chosen(bid_curves, is_led)
    is_seen = ~has_inputs[process] & ~book.is_fixed
    bid_curves = _with_seen(book, book.bids, bid_curves, is_seen, rising=True)
    wanted = _basket(book, book.plans, plan_distance, -1)
    budgets = stated_budgets(book.plans.schedules, wanted, prices)
    budgets = without(budgets, book.plans.owner[_stands(book, book.plans, plan_curves)])
    plan_distance = np.where(budgets.is_known, nearly(1 - budgets.slope), plan_distance)
    plan_curves = chosen(plan_curves, ~budgets.is_known[book.plans.owner])
    is_seen = (unexplained & ~budgets.is_known)[book.plans.owner]
    plan_curves = _with_seen(book, book.plans, plan_curves, is_seen, rising=False)

    def seen_in(number: int) -> Model:
        return Model(
            log_prices=book.log_prices[number],
            plans=_basket(book, book.plans, plan_distance, number),
            bids=makers[number]._replace(outputs=_basket(book, made, plain, number)),
            inputs=_basket(book, needs, need_distance, number),
            plan_curves=plan_curves,
            bid_curves=bid_curves,
            sums=_sums(book),
        )

    return averaged(book, seen_in)


def _basket(book: Book, lines: Lines, distance: Floats, number: int) -> Baskets:
    quantity = np.nan_to_num(lines.quantity[number])
    return shared(lines, quantity, distance, book.log_prices[number])


def _distance(book: Book, lines: Lines, owners: int) -> tuple[Floats, Flags]:
    # Within a basket: whose price rose more than the others', was taken less. And
    # whose answers that does not explain.
    logs = log_of(lines.quantity)
    top, bottom, square, freedom = np.zeros((4, owners))
    for number in range(book.rounds - 1):
        changed = logs[-1] - logs[number]
        moved = (book.log_prices[-1] - book.log_prices[number])[lines.product]
        known = np.isfinite(changed)
        u = _within(lines.owner, owners, np.where(known, changed, 0.0), known)
        v = _within(lines.owner, owners, np.where(known, moved, 0.0), known)
        top -= summed(lines.owner, u * v, owners)
        bottom += summed(lines.owner, v * v, owners)
        square += summed(lines.owner, u * u, owners)
        count = summed(lines.owner, known, owners)
        freedom += np.maximum(count - 1, 0)
    substitution = believed((top, bottom, square, freedom), 1.0, SUBSTITUTION)
    left = square - 2 * substitution * top + substitution**2 * bottom
    left = np.sqrt(np.maximum(left, 0) / np.maximum(freedom - 1, 1))
    usual = float(np.median(left)) if len(left) else 0.0
    # Nobody with a budget takes nothing of what it takes at another price.
    took = np.nan_to_num(lines.quantity)
    stopped = (took == 0).any(axis=0) & (took > 0).any(axis=0)
    stops = summed(lines.owner, stopped, owners) > 0
    return nearly(1 - substitution), stops | (left > UNEXPLAINED + 3 * usual)


def _within(owner: Integers, owners: int, value: Floats, known: Flags) -> Floats:
    # What a line's value is beyond its basket's mean.
    count = summed(owner, known, owners)
    mean = summed(owner, value, owners) / np.maximum(count, 1)
    return np.where(known, value - mean[owner], 0.0)


def _stands(book: Book, lines: Lines, curves: Curves) -> Integers:
    # The lines whose schedule of now says what they answered to other prices: those
    # stand by it, whatever else is dearer.
    at = curves.line
    stands = np.zeros(len(at), bool)
    for log_prices, quantity in zip(
        book.log_prices[:-1], lines.quantity[:-1], strict=True
    ):
        moved = np.abs(log_prices - book.log_prices[-1])[lines.product[at]] > MOVED
        said, _ = curves.at(np.exp(log_prices)[lines.product[at]])
        same = np.abs(said - quantity[at]) <= STOOD * np.maximum(said, quantity[at])
        stands = np.where(moved, same, stands)
    return at[stands]


def _with_seen(
    book: Book, lines: Lines, stated: Curves, is_seen: Flags, *, rising: bool
) -> Curves:
    if book.rounds < 2:
        return stated
    is_seen = is_seen.copy()
    is_seen[stated.line] = False
    return joined(stated, _seen(book, lines, is_seen, rising=rising))


def _seen(book: Book, lines: Lines, is_seen: Flags, *, rising: bool) -> Curves:
    at = np.flatnonzero(is_seen)
    prices = np.exp(book.log_prices)[:, lines.product[at]]
    return seen_curves(at, prices, lines.quantity[:, at], rising=rising)


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
