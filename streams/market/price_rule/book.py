"""
PURE. The rounds so far as one table: who answered what to which prices.

Lines are matched between rounds by who says what: company and product, consumer and
product, a bid and the input's product. They are put in that order, so that nothing
that follows depends on the order in which lines arrived. What stands in the newest
round is what counts; earlier rounds tell how those bidders answered other prices.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Flags,
    Floats,
    Integers,
    Round,
    Schedules,
)
from streams.market.price_rule.matching import (
    Standing,
    bid_keys,
    input_keys,
    plan_keys,
)

MOST: Final = 1e60
"""Bound of a quantity: sums and squares of such numbers are still finite."""

LEAST_PRICE: Final = 1e-60
"""Bound of a price, for the same reason."""


class Lines(NamedTuple):
    """
    Lines of one kind, in canonical order.

    Attributes:
        owner: whose line it is: the company, the consumer, or the number of the bid.
        product: of each line.
        quantity: one row per round, one column per line; NaN where it was missing.
        schedules: as they stand in the newest round.
    """

    owner: Integers
    product: Integers
    quantity: Floats
    schedules: Schedules


class Book(NamedTuple):
    """
    The rounds so far, newest last.

    Attributes:
        log_prices: one row per round, one column per product.
        plans, bids, inputs: lines that stand in the newest round.
        is_fixed: by bid.
        hidden_supply, hidden_demand: one row per round, one column per product.
        supply, demand: sums of all that was answered, likewise.
        was_bid, was_wanted: whether a product had any line or sum in any round.
    """

    log_prices: Floats
    plans: Lines
    bids: Lines
    inputs: Lines
    is_fixed: Flags
    hidden_supply: Floats
    hidden_demand: Floats
    supply: Floats
    demand: Floats

    @property
    def rounds(self) -> int:
        """How many rounds there were."""
        return len(self.log_prices)

    @property
    def products(self) -> int:
        """How many products there are."""
        return int(self.log_prices.shape[1])

    @property
    def log_ratio(self) -> Floats:
        """ln(D/S) by round and product, within 3 either way; 0 where nothing is."""
        return log_ratio(self.supply, self.demand)


def log_ratio(supply: Floats, demand: Floats) -> Floats:
    """
    Return ln(D/S), within 3 either way; 0 where both are 0.

    Three is a ratio of twenty: what lies further says which way to go, and no more.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(demand) - np.log(supply)
    ratio[(supply <= 0) & (demand <= 0)] = 0.0
    clipped: Floats = np.clip(ratio, -3.0, 3.0)
    return clipped


def summed(owner: Integers, value: Floats | Flags, owners: int) -> Floats:
    """Return the sum of `value` by owner; of no lines, zeros."""
    # Of no lines bincount makes integers.
    return np.bincount(owner, value, owners).astype(np.float64, copy=False)


def log_of(value: Floats) -> Floats:
    """Return the logarithm, NaN of what is not above 0."""
    return np.log(value, out=np.full(value.shape, np.nan), where=value > 0)


class Keyed(NamedTuple):
    """
    A round, made ready to be held against others.

    Attributes:
        prices: as they were announced.
        answers: without what is no number.
        bids, plans: what each line is known by.
        supply, demand: sums by product.
    """

    prices: Floats
    answers: Answers
    bids: Integers
    plans: Integers
    supply: Floats
    demand: Floats


def keyed(rounds: Sequence[Round]) -> list[Keyed]:
    """
    Make rounds ready to be held against one another.

    Args:
        rounds: all so far, at least one, of the same products.

    Raises:
        ValueError: if there is no round, or rounds have different products.
    """
    if not rounds:
        raise ValueError("there must be a round to learn from, were 0")
    sizes = {len(round_.prices) for round_ in rounds}
    sizes |= {len(round_.answers.hidden_supply) for round_ in rounds}
    if len(sizes) != 1:
        raise ValueError(f"rounds must have the same products, had {sorted(sizes)}")
    ready = []
    for round_ in map(_cleaned, rounds):
        sums = _supply(round_.answers), _demand(round_.answers)
        ready.append(Keyed(*round_, bid_keys(round_), plan_keys(round_), *sums))
    return ready


def open_book(rounds: Sequence[Keyed]) -> Book:
    """Put rounds into one table, by the lines that stand in the newest."""
    newest = rounds[-1].answers
    bids, plans = Standing(rounds[-1].bids), Standing(rounds[-1].plans)
    places = [bids.find(round_.bids) for round_ in rounds]
    keys = [
        input_keys(Round(round_.prices, round_.answers), place)
        for round_, place in zip(rounds, places, strict=True)
    ]
    inputs = Standing(keys[-1])
    made, wished, used = [], [], []
    for round_, place, key in zip(rounds, places, keys, strict=True):
        answers = round_.answers
        made.append(bids.placed(place, answers.bids.quantity))
        wished.append(plans.placed(plans.find(round_.plans), answers.plans.quantity))
        used.append(inputs.placed(inputs.find(key), answers.inputs.quantity))
    own, wanted, needed = newest.bids, newest.plans, newest.inputs
    bid_order, plan_order = bids.order, plans.order
    return Book(
        log_prices=np.log(np.array([round_.prices for round_ in rounds])),
        plans=Lines(
            wanted.consumer[plan_order],
            wanted.product[plan_order],
            np.array(wished),
            _moved(wanted.schedules, plans),
        ),
        bids=Lines(
            own.company[bid_order],
            own.product[bid_order],
            np.array(made),
            _moved(own.schedules, bids),
        ),
        inputs=Lines(
            bids.number[needed.bid][inputs.order],
            needed.product[inputs.order],
            np.array(used),
            NO_SCHEDULES,
        ),
        is_fixed=own.is_fixed[bid_order],
        hidden_supply=np.array([round_.answers.hidden_supply for round_ in rounds]),
        hidden_demand=np.array([round_.answers.hidden_demand for round_ in rounds]),
        supply=np.array([round_.supply for round_ in rounds]),
        demand=np.array([round_.demand for round_ in rounds]),
    )


def _moved(schedules: Schedules, lines: Standing) -> Schedules:
    if not len(schedules.line):
        return schedules
    line = lines.number[schedules.line]
    order = np.lexsort((schedules.price, line))
    return Schedules(line[order], schedules.price[order], schedules.quantity[order])


def _supply(answers: Answers) -> Floats:
    bids, products = answers.bids, len(answers.hidden_supply)
    sums = _in_any_order(bids.product, bids.quantity, products)
    return sums + answers.hidden_supply


def _demand(answers: Answers) -> Floats:
    plans, inputs, products = answers.plans, answers.inputs, len(answers.hidden_demand)
    wanted = _in_any_order(plans.product, plans.quantity, products)
    needed = _in_any_order(inputs.product, inputs.quantity, products)
    return wanted + needed + answers.hidden_demand


def _in_any_order(product: Integers, quantity: Floats, products: int) -> Floats:
    # From the least to the greatest, so that a sum of floats is the same whatever came
    # first: which of two equal ones does makes no difference.
    order = np.argsort(quantity)
    return summed(product[order], quantity[order], products)


def _cleaned(round_: Round) -> Round:
    # The border refuses what is no number; a rule that anybody may call must not
    # turn one such figure into a price for everything.
    answers = round_.answers
    bids, inputs, plans = answers.bids, answers.inputs, answers.plans
    prices = np.nan_to_num(round_.prices, nan=1.0, posinf=1 / LEAST_PRICE, neginf=0)
    return Round(
        np.clip(prices, LEAST_PRICE, 1 / LEAST_PRICE),
        Answers(
            bids._replace(
                quantity=_bounded(bids.quantity), schedules=_tidied(bids.schedules)
            ),
            inputs._replace(quantity=_bounded(inputs.quantity)),
            plans._replace(
                quantity=_bounded(plans.quantity), schedules=_tidied(plans.schedules)
            ),
            _bounded(answers.hidden_supply),
            _bounded(answers.hidden_demand),
        ),
    )


def _tidied(schedules: Schedules) -> Schedules:
    return schedules._replace(
        price=_bounded(schedules.price), quantity=_bounded(schedules.quantity)
    )


def _bounded(quantity: Floats) -> Floats:
    return np.clip(np.nan_to_num(quantity, nan=0.0, posinf=MOST, neginf=0.0), 0, MOST)
