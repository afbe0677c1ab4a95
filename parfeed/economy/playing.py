"""
PURE. Rounds of planning in one process: a rule announces, bidders answer.

A play never ends by itself; who asks for its rounds decides when to stop. The rule is
asked for the next prices when the next round is asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from parfeed.economy.economy import Bidders
from streams.market.answers import (
    Flags,
    Floats,
    Round,
    demand_of,
    imbalance_percent,
    supply_of,
)


class Announced(Protocol):
    """What a rule says: prices at the least."""

    @property
    def prices(self) -> Floats:
        """By product."""
        ...


A_co = TypeVar("A_co", bound=Announced, covariant=True)

Rule = Callable[[Sequence[Round]], A_co]
"""From the rounds so far, oldest first, to what is announced for the next."""


class Played(NamedTuple, Generic[A_co]):
    """
    A round that was played.

    Attributes:
        number: from 1.
        announced: what the rule said; None in the first round, whose prices are given.
        prices: by product.
        percent: the imbalance that came, by product.
        tradable: the products that can clear.
    """

    number: int
    announced: A_co | None
    prices: Floats
    percent: Floats
    tradable: Flags

    def worst(self) -> tuple[int, float]:
        """Return the product that is farthest from clearing, and its imbalance."""
        product = farthest(self.percent, self.tradable)
        return product, float(self.percent[product])

    def worst_percent(self) -> float:
        """Return the worst imbalance, without its sign; 0 if nothing is traded."""
        return float(np.abs(self.percent[self.tradable]).max(initial=0))

    def within(self, percent: float) -> int:
        """Return how many products that can clear are closer to it than that."""
        return int((np.abs(self.percent[self.tradable]) < percent).sum())


def farthest(percent: Floats, tradable: Flags) -> int:
    """Return the product that can clear and is farthest from it."""
    return int(np.argmax(np.where(tradable, np.abs(percent), -1)))


def play(
    bidders: Bidders, rule: Rule[A_co], start_prices: Floats | None = None
) -> Iterator[Played[A_co]]:
    """
    Play rounds, one for each that is asked for.

    Args:
        bidders: who answer; one in trouble is good for one play.
        rule: announces the prices of every round but the first.
        start_prices: of the first round; the bidders' own if not given.
    """
    prices = bidders.start_prices if start_prices is None else start_prices
    announced: A_co | None = None
    rounds: list[Round] = []
    while True:
        answers = bidders.answer(prices)
        rounds.append(Round(prices, answers))
        percent = imbalance_percent(supply_of(answers), demand_of(answers))
        yield Played(len(rounds), announced, prices, percent, bidders.tradable)
        announced = rule(rounds)
        prices = announced.prices


def rounds_to(worst_percent: Sequence[float], percent: float) -> int | None:
    """Return the first round whose worst imbalance is below that; None if none is."""
    return next(
        (
            number
            for number, worst in enumerate(worst_percent, start=1)
            if worst < percent
        ),
        None,
    )
