"""
PURE. Reads off companies' bids what moves them: costs, responses, capacities.

What a process spends on its inputs, c, tells more than what it makes. As long as it
makes what earns most, c is a constant share B of its revenue; at its capacity c is a
smaller share, and both together obey

    d ln c = r (d ln L - B d ln C + d ln(c / revenue))

from which r follows, whether it was full in one round, in both or in none.
"""

from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Integers
from streams.market.price_rule.book import Book, log_of, summed
from streams.market.price_rule.learning import believed
from streams.market.price_rule.model import Baskets, Makers
from streams.market.price_rule.stated import Stated

LEAST_RETURNS: Final = 0.04
"""Least share of its revenue that is taken to be left to a company: below, its answer
to a price is taken as that of an elasticity of 25. Increasing returns have none."""

OFFER_RESPONSE: Final = 2.0
"""Of a bid without inputs, until a second round tells: an elasticity of 1."""

MOST_SHARE: Final = 0.97
"""Greatest part of its revenue that a company may spend and be taken at its word."""

USUAL_SHARE: Final = 0.7
"""Taken of all others, if there is nobody who can be."""

RESPONSE_SPREAD: Final = 0.3
"""How far companies' responses differ from what their costs let expect, relatively:
what effort costs adds a tenth to a third."""

_VARIES: Final = 4.0
"""Standard deviations by which a cost share must differ before it is not noise."""


class Spending(NamedTuple):
    """
    By round and process, in logarithms; NaN where nothing was made.

    Attributes:
        cost: what was spent on inputs; NaN where nothing was, too.
        revenue: what was earned.
        share: cost by revenue.
    """

    cost: Floats
    revenue: Floats
    share: Floats


def spending(book: Book, process: Integers, count: int) -> Spending:
    """Return what processes spent and earned in every round."""
    bids, inputs = book.bids, book.inputs
    cost, revenue = [], []
    for number, log_prices in enumerate(book.log_prices):
        prices = np.exp(log_prices)
        spent = np.nan_to_num(inputs.quantity[number]) * prices[inputs.product]
        earned = np.nan_to_num(bids.quantity[number]) * prices[bids.product]
        cost.append(summed(process[inputs.owner], spent, count))
        revenue.append(summed(process, earned, count))
    log_cost, log_revenue = log_of(np.array(cost)), log_of(np.array(revenue))
    return Spending(log_cost, log_revenue, log_cost - log_revenue)


def read_makers(
    book: Book,
    process: Integers,
    inputs: Baskets,
    outputs: Baskets,
    stated: Stated,
) -> list[Makers]:
    """
    Read the processes, as they were in each round.

    Args:
        book: the rounds so far.
        process: of each bid.
        inputs: by process, as in the newest round.
        outputs: likewise.
        stated: what schedules say of them.
    """
    count = len(inputs.distance)
    spent = spending(book, process, count)
    noise = _noise(spent.share)
    free = _free(spent)
    full = _full(spent, noise)
    response, left = _responses(book, spent, inputs, outputs, free, noise)
    if full.may_be.any():
        other, other_left = _responses(book, spent, inputs, outputs, full, noise)
        # What differs by chance only is explained worse if it is taken for fullness.
        is_full = full.may_be & ((book.rounds < 3) | (other_left < left))
        response = np.where(is_full, other, response)
        free = _Shares(
            is_full,
            np.where(is_full, full.log_share, free.log_share),
            np.where(is_full, full.gaps, 0.0),
        )
    log_share = np.where(stated.is_known, spent.share[-1] + stated.gap, free.log_share)
    cost_share = np.where(np.isfinite(log_share), np.exp(log_share), 0.0)
    gaps = free.gaps.copy()
    gaps[-1] = np.where(stated.is_known, stated.gap, gaps[-1])
    bounds = (1.0, 1 / LEAST_RETURNS)
    response = np.where(stated.is_known, np.clip(stated.slope, *bounds), response)
    is_still = np.zeros(count, bool)
    is_still[process[book.is_fixed]] = True
    levels = _levels(book, process, count)
    most = _capacities(levels, gaps, noise)
    most = np.where(stated.is_known, levels[-1] + stated.most, most)
    return [
        Makers(
            outputs,
            cost_share,
            response,
            gaps[number],
            np.maximum(
                np.where(np.isfinite(levels[number]), most - levels[number], 0), 0
            ),
            is_still,
        )
        for number in range(book.rounds)
    ]


def _noise(share: Floats) -> float:
    # Standard deviation of ln(cost share) between two rounds, of those that are free
    # in both: a quarter of all at least, so the least quarter tells.
    if len(share) < 2:
        return 0.0
    moved = np.abs(share[-1] - share[-2])
    moved = moved[np.isfinite(moved)]
    # A quarter of a normal distribution lies within 0.319 standard deviations.
    return float(np.quantile(moved, 0.25)) / 0.319 if moved.size else 0.0


class _Shares(NamedTuple):
    # By process whether it may have been full, ln B, and the gaps by round.
    may_be: Flags
    log_share: Floats
    gaps: Floats


def _free(spent: Spending) -> _Shares:
    # As if all were free in all rounds, and shares differed by chance.
    known = np.isfinite(spent.share)
    count = known.sum(axis=0)
    mean = np.where(known, spent.share, 0.0).sum(axis=0) / np.maximum(count, 1)
    nobody = np.zeros(spent.share.shape[1], bool)
    log_share = _readable(np.where(count > 0, mean, -np.inf))
    return _Shares(nobody, log_share, np.zeros_like(spent.share))


def _readable(log_share: Floats) -> Floats:
    # Who spends more than it earns does not do what earns most, or does not say what
    # it needs: it is taken to be like the others.
    is_odd = log_share > np.log(MOST_SHARE)
    plain = log_share[~is_odd & np.isfinite(log_share)]
    usual = float(np.median(plain)) if plain.size else np.log(USUAL_SHARE)
    return np.where(is_odd, usual, log_share)


def _full(spent: Spending, noise: float) -> _Shares:
    # As if those whose share differs by more than chance were full where it is less.
    known = np.isfinite(spent.share)
    most = np.where(known, spent.share, -np.inf).max(axis=0)
    least = np.where(known, spent.share, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        may_be = (known.sum(axis=0) > 1) & (most - least > _VARIES * noise + 1e-6)
        is_top = known & (spent.share >= most - _VARIES / 2 * noise - 1e-9)
    count = is_top.sum(axis=0)
    mean = np.where(is_top, spent.share, 0.0).sum(axis=0) / np.maximum(count, 1)
    gaps = np.where(known & ~is_top & may_be, mean - spent.share, 0.0)
    may_be &= mean <= np.log(MOST_SHARE)
    gaps = np.where(may_be, np.nan_to_num(gaps), 0.0)
    return _Shares(may_be, _readable(np.where(count > 0, mean, -np.inf)), gaps)


def _responses(
    book: Book,
    spent: Spending,
    inputs: Baskets,
    outputs: Baskets,
    shares: _Shares,
    noise: float,
) -> tuple[Floats, Floats]:
    # The response by process, and what it leaves unexplained, as a square.
    cost_share = np.exp(shares.log_share)
    count = len(cost_share)
    has_inputs = summed(inputs.owner, np.ones(len(inputs.owner)), count) > 0
    expected = 1 / np.maximum(1 - cost_share, LEAST_RETURNS)
    expected = np.where(has_inputs, expected, OFFER_RESPONSE)
    top, bottom, square, freedom = np.zeros((4, count))
    for number in range(book.rounds - 1):
        dx = book.log_prices[number] - book.log_prices[-1]
        # The baskets are the newest round's, so costs are told from there.
        margin = cost_share * inputs.cost(dx)[0] - outputs.cost(dx)[0]
        share = shares.gaps[number] - shares.gaps[-1]
        margin = margin + share
        moved = spent.revenue[-1] - spent.revenue[number] + share
        known = np.isfinite(moved) & np.isfinite(margin)
        moved = np.where(known, moved, 0.0)
        # In units of what is expected, so that all may differ from it by as much.
        margin = np.where(known, margin, 0.0) * expected
        top += moved * margin
        bottom += margin * margin
        square += moved * moved
        freedom += known
    slope = believed(
        (top, bottom, square, freedom),
        1.0,
        (0.0, 1 / LEAST_RETURNS),
        RESPONSE_SPREAD,
        noise**2,
    )
    left = square - 2 * slope * top + slope**2 * bottom
    # Nobody makes less because it earns more.
    return np.clip(slope * expected, 1.0, 1 / LEAST_RETURNS), left


def _levels(book: Book, process: Integers, count: int) -> Floats:
    # ln of a process's quantity, by round: of its first bid.
    first = np.full(count, -1)
    first[process[::-1]] = np.arange(len(process))[::-1]
    return log_of(book.bids.quantity[:, first])


def _capacities(levels: Floats, gaps: Floats, noise: float) -> Floats:
    # ln of what a process can make, as far as it is known: what it made when full.
    full = np.where((gaps > 0) & np.isfinite(levels), levels, np.nan)
    is_known = np.isfinite(full).any(axis=0)
    most = np.where(
        is_known, np.where(np.isfinite(full), full, -np.inf).max(axis=0), np.inf
    )
    # Noise may have shown more.
    top = np.where(np.isfinite(levels), levels, -np.inf).max(axis=0)
    return np.where(is_known, np.maximum(most, top), most)
