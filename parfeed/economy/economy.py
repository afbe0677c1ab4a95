"""
PURE. An economy: all that answer to prices, in one process and without a clock.

The rule that holds here and in what builds on it: the lines of an answer, and the
points of their schedules, are the same in every round and in the same order; only
quantities and points' prices change. So one round can be held against another.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from parfeed.economy.consumers import NO_BUDGETS, NO_LIMITS, Budgets, Limits
from parfeed.economy.producers import Endowments, Offers, Processes
from streams.market.answers import (
    Answers,
    Bids,
    Flags,
    Floats,
    Inputs,
    Integers,
    Plans,
    Schedules,
)

SCHEDULE_FACTORS: Final = np.array([1 / 8, 1 / 4, 1 / 2, 0.75, 1, 4 / 3, 2, 4, 8])
"""Of the announced price, where bidders without limits say what they would answer:
close where the next price likely lies, and far enough for a first round's mistake."""


class Bidders(Protocol):
    """What answers to prices: an economy, or one in trouble."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the products, in the order of all arrays by product."""
        ...

    @property
    def start_prices(self) -> Floats:
        """What the first round announces."""
        ...

    @property
    def clearing_prices(self) -> Floats | None:
        """Prices at which supply is demand; None where nobody knows any."""
        ...

    @property
    def tradable(self) -> Flags:
        """Which products somebody makes and somebody wants; others cannot clear."""
        ...

    def answer(self, prices: Floats) -> Answers:
        """Return what all say to a round's prices."""
        ...


class Parts(NamedTuple):
    """
    Everybody in an economy.

    Attributes:
        budgets, limits: consumers; those of the limits are numbered after the others.
        processes, offers, endowments: companies; each names its own.
    """

    processes: Processes
    offers: Offers
    endowments: Endowments
    budgets: Budgets = NO_BUDGETS
    limits: Limits = NO_LIMITS


class Economy:
    """
    Companies and consumers who take prices as they are announced.

    Args:
        names: of the products.
        parts: who there is.
        start_prices: by product.
        clearing_prices: by product, if known.
        with_schedules: whether all bidders say what they would answer to other prices
            of their own product.
        with_limits: whether those whose answer is nothing but limits state them.
    """

    def __init__(
        self,
        names: Sequence[str],
        parts: Parts,
        start_prices: Floats,
        clearing_prices: Floats | None = None,
        *,
        with_schedules: bool = False,
        with_limits: bool = True,
    ) -> None:
        self.names = names
        self.parts = parts
        self.start_prices = start_prices
        self.clearing_prices = clearing_prices
        self.with_schedules = with_schedules
        self.with_limits = with_limits
        self._pairs = _pairs(parts.processes)
        nothing = self.answer(start_prices)
        self.tradable: Flags = is_tradable(nothing)

    def replaced(
        self,
        *,
        parts: Parts | None = None,
        start_prices: Floats | None = None,
        clearing_prices: Floats | None = None,
        with_schedules: bool | None = None,
        with_limits: bool | None = None,
    ) -> "Economy":
        """Return an economy that differs in what is given."""
        return Economy(
            self.names,
            self.parts if parts is None else parts,
            self.start_prices if start_prices is None else start_prices,
            self.clearing_prices if clearing_prices is None else clearing_prices,
            with_schedules=(
                self.with_schedules if with_schedules is None else with_schedules
            ),
            with_limits=self.with_limits if with_limits is None else with_limits,
        )

    def answer(self, prices: Floats) -> Answers:
        """
        Return what all say to a round's prices.

        Args:
            prices: by product, above 0.
        """
        nothing = np.zeros(len(self.names))
        bids, inputs = self._bids(prices)
        return Answers(bids, inputs, self._plans(prices), nothing, nothing.copy())

    # Private

    def _bids(self, prices: Floats) -> tuple[Bids, Inputs]:
        processes, offers, endowments = self.parts[:3]
        level, spent = processes.levels(prices)
        made = processes.output_amount * level[processes.output_process]
        bids = Bids(
            company=np.concatenate(
                [
                    processes.company[processes.output_process],
                    offers.company,
                    endowments.company,
                ]
            ),
            product=np.concatenate(
                [processes.output_product, offers.product, endowments.product]
            ),
            quantity=np.concatenate([made, offers.made(prices), endowments.quantity]),
            is_fixed=np.arange(len(made) + len(offers.most) + len(endowments.quantity))
            >= len(made) + len(offers.most),
            schedules=self._supply_schedules(prices),
        )
        # What comes together shares its inputs by what it earns.
        at, by = self._pairs
        worth = processes.output_amount * prices[processes.output_product]
        share = worth / processes.revenue(prices)[processes.output_process]
        product = processes.input_product[at]
        used = processes.exponents_at(prices) * spent[processes.input_process]
        inputs = Inputs(
            bid=by, product=product, quantity=used[at] / prices[product] * share[by]
        )
        return bids, inputs

    def _plans(self, prices: Floats) -> Plans:
        budgets, limits = self.parts.budgets, self.parts.limits
        return Plans(
            consumer=np.concatenate(
                [budgets.consumer, limits.consumer + len(budgets.income)]
            ),
            product=np.concatenate([budgets.product, limits.product]),
            quantity=np.concatenate([budgets.wanted(prices), limits.wanted(prices)]),
            schedules=self._demand_schedules(prices),
        )

    def _supply_schedules(self, prices: Floats) -> Schedules:
        processes, offers = self.parts.processes, self.parts.offers
        product, factors = processes.output_product, self._factors()
        price = prices[product, None] * factors
        made = processes.made_at(prices, factors) if len(factors) else price
        if not self.with_limits:
            return _schedules((price, made))
        return _schedules(
            (price, made),
            (
                np.stack([offers.least_price, offers.full_price], axis=1),
                np.stack([np.zeros_like(offers.most), offers.most], axis=1),
            ),
        )

    def _demand_schedules(self, prices: Floats) -> Schedules:
        budgets, limits = self.parts.budgets, self.parts.limits
        factors = self._factors()
        price = prices[budgets.product, None] * factors
        wanted = budgets.wanted_at(prices, factors) if len(factors) else price
        if not self.with_limits:
            return _schedules((price, wanted))
        return _schedules(
            (price, wanted),
            (
                np.stack([limits.full_price, limits.limit_price], axis=1),
                np.stack([limits.most, np.zeros_like(limits.most)], axis=1),
            ),
        )

    def _factors(self) -> Floats:
        return SCHEDULE_FACTORS if self.with_schedules else SCHEDULE_FACTORS[:0]


def is_tradable(answers: Answers) -> Flags:
    """Tell by product whether there are lines on either side, or sums."""
    size = len(answers.hidden_supply)
    bids = np.bincount(answers.bids.product, minlength=size)
    needed = np.bincount(answers.inputs.product, minlength=size)
    wanted = np.bincount(answers.plans.product, minlength=size) + needed
    is_made: Flags = (bids > 0) | (answers.hidden_supply > 0)
    is_wanted: Flags = (wanted > 0) | (answers.hidden_demand > 0)
    return is_made & is_wanted


def _pairs(processes: Processes) -> tuple[Integers, Integers]:
    # Each input line with each output of its process.
    size = len(processes.company)
    outputs = np.bincount(processes.output_process, minlength=size)
    first = np.cumsum(outputs) - outputs
    repeats = outputs[processes.input_process]
    at = np.repeat(np.arange(len(repeats)), repeats)
    within = np.arange(len(at)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return at, first[processes.input_process[at]] + within


def _schedules(*groups: tuple[Floats, Floats]) -> Schedules:
    # One row per line in each group, points across; lines are numbered through.
    line, begin = [], 0
    for price, _ in groups:
        rows, points = price.shape
        line.append(np.repeat(np.arange(begin, begin + rows), points))
        begin += rows
    return Schedules(
        line=np.concatenate(line),
        price=np.concatenate([price.ravel() for price, _ in groups]),
        quantity=np.concatenate([quantity.ravel() for _, quantity in groups]),
    )
