"""
PURE. Troubles that bidders make a board: wrappers around an economy, in any number.

Chance is seeded. Noise and lateness remember the rounds that were played, so each play
needs wrappers of its own, and asks for one answer a round.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from parfeed.economy.economy import Bidders
from parfeed.economy.lines import hidden, kept, mixed, scaled
from streams.market.answers import Answers, Flags, Floats

SOME: Final = 0.2
"""The share of bidders in trouble: enough to sway every sum."""


class Trouble:
    """An economy in trouble; this one has none."""

    def __init__(self, inner: Bidders) -> None:
        self.inner = inner

    @property
    def names(self) -> Sequence[str]:
        """Names of the products."""
        return self.inner.names

    @property
    def start_prices(self) -> Floats:
        """What the first round announces."""
        return self.inner.start_prices

    @property
    def clearing_prices(self) -> Floats | None:
        """Prices that clear without the trouble, if anybody knows them."""
        return self.inner.clearing_prices

    @property
    def tradable(self) -> Flags:
        """Which products somebody makes and somebody wants."""
        return self.inner.tradable

    def answer(self, prices: Floats) -> Answers:
        """Return what all say to a round's prices."""
        return self.inner.answer(prices)


class Noisy(Trouble):
    """
    Every line is off by chance, anew in every round; what is simply there is not.

    Args:
        inner: who answers.
        deviation: of a line's factor, whose mean is 1.
        seed: of chance.
    """

    def __init__(self, inner: Bidders, deviation: float = 0.1, seed: int = 0) -> None:
        super().__init__(inner)
        self._deviation = deviation
        self._chance = np.random.default_rng([seed, 1])

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, with the noise."""
        answers = self.inner.answer(prices)
        bids = np.where(
            answers.bids.is_fixed, 1.0, self._factors(len(answers.bids.quantity))
        )
        inputs = self._factors(len(answers.inputs.quantity))
        plans = self._factors(len(answers.plans.quantity))
        return scaled(answers, bids, inputs, plans)

    def _factors(self, size: int) -> Floats:
        return np.maximum(1 + self._deviation * self._chance.standard_normal(size), 0)


class WithoutMakers(Trouble):
    """Nobody makes a product."""

    def __init__(self, inner: Bidders, product: int) -> None:
        super().__init__(inner)
        self._product = product

    @property
    def tradable(self) -> Flags:
        """All that can be traded but the product."""
        return _without(self.inner.tradable, self._product)

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, without bids for the product."""
        answers = self.inner.answer(prices)
        every = np.ones(len(answers.inputs.product), bool)
        others = answers.bids.product != self._product
        return kept(answers, others, every, np.ones(len(answers.plans.product), bool))


class WithoutWanters(Trouble):
    """Nobody wants a product, or needs it."""

    def __init__(self, inner: Bidders, product: int) -> None:
        super().__init__(inner)
        self._product = product

    @property
    def tradable(self) -> Flags:
        """All that can be traded but the product."""
        return _without(self.inner.tradable, self._product)

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, without plan lines for the product."""
        answers = self.inner.answer(prices)
        return kept(
            answers,
            np.ones(len(answers.bids.product), bool),
            answers.inputs.product != self._product,
            answers.plans.product != self._product,
        )


class Dominated(Trouble):
    """
    One company makes most of a product: its largest maker there.

    Bids are scaled so that at the prices that clear (at the first ones, where nobody
    knows any) the whole stays what it was.

    Args:
        inner: who answers.
        product: that it dominates.
        share: of the supply, above 0 and below 1.
    """

    def __init__(self, inner: Bidders, product: int, share: float = 0.9) -> None:
        super().__init__(inner)
        prices = inner.clearing_prices
        bids = inner.answer(inner.start_prices if prices is None else prices).bids
        of_product = bids.product == product
        if np.count_nonzero(of_product) < 2:
            raise ValueError(f"product {product} must have two makers or more")
        quantity = np.where(of_product, bids.quantity, 0)
        is_largest = np.arange(len(quantity)) == np.argmax(quantity)
        its, whole = quantity.max(), quantity.sum()
        theirs = (1 - share) * whole / (whole - its)
        factors = np.where(is_largest, share * whole / its, theirs)
        self._factors = np.where(of_product, factors, 1.0)

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, the shares of the market changed."""
        answers = self.inner.answer(prices)
        wanted = np.ones(len(answers.plans.quantity))
        return scaled(answers, self._factors, self._factors[answers.inputs.bid], wanted)


class Late(Trouble):
    """
    Some bidders answer to the prices of an earlier round.

    Args:
        inner: who answers.
        rounds: how many rounds late; before that they answer to the first prices.
        share: of companies and of consumers.
        seed: of chance.
    """

    def __init__(
        self, inner: Bidders, rounds: int = 2, share: float = SOME, seed: int = 0
    ) -> None:
        super().__init__(inner)
        self._answers: deque[Answers] = deque(maxlen=rounds + 1)
        self._some = _Some(share, [seed, 2])

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, some to older prices."""
        answers = self.inner.answer(prices)
        self._answers.append(answers)
        bids, plans = self._some.lines(answers)
        return mixed(answers, self._answers[0], bids, plans)


class Lying(Trouble):
    """
    Some companies state inputs other than they use, the same way in every round.

    Args:
        inner: who answers.
        share: of the companies.
        most: times too much or too little, at most; what is needed in all is then not
            what is stated, and prices clear what is stated.
        seed: of chance.
    """

    def __init__(
        self, inner: Bidders, share: float = SOME, most: float = 3.0, seed: int = 0
    ) -> None:
        super().__init__(inner)
        self._most = most
        self._some = _Some(share, [seed, 3])
        self._seed = seed

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, the liars' inputs changed."""
        answers = self.inner.answer(prices)
        bids, _ = self._some.lines(answers)
        inputs = answers.inputs
        reach = np.log(self._most)
        chance = np.random.default_rng([self._seed, 4])
        lies = np.exp(chance.uniform(-reach, reach, len(inputs.bid)))
        factors = np.where(bids[inputs.bid], lies, 1.0)
        return answers._replace(
            inputs=inputs._replace(quantity=inputs.quantity * factors)
        )


class Swapping(Trouble):
    """
    Some companies state each other's inputs: the sums are true, no share is.

    Args:
        inner: who answers.
        share: of the companies.
        seed: of chance.
    """

    def __init__(self, inner: Bidders, share: float = SOME, seed: int = 0) -> None:
        super().__init__(inner)
        self._some = _Some(share, [seed, 5])
        self._seed = seed

    def answer(self, prices: Floats) -> Answers:
        """Return what all say, the liars' inputs exchanged within each product."""
        answers = self.inner.answer(prices)
        bids, _ = self._some.lines(answers)
        inputs = answers.inputs
        liars = np.flatnonzero(bids[inputs.bid])
        order = np.random.default_rng([self._seed, 6]).permutation(len(liars))
        by_product = np.argsort(inputs.product[liars], kind="stable")
        shuffled = order[np.argsort(inputs.product[liars[order]], kind="stable")]
        quantity = inputs.quantity.copy()
        quantity[liars[by_product]] = inputs.quantity[liars[shuffled]]
        return answers._replace(inputs=inputs._replace(quantity=quantity))


class Hiding(Trouble):
    """
    Some bidders are known as sums only, what they need among them.

    Args:
        inner: who answers.
        share: of companies and of consumers; 1 leaves nothing but the sums.
        seed: of chance.
    """

    def __init__(self, inner: Bidders, share: float = 1.0, seed: int = 0) -> None:
        super().__init__(inner)
        self._some = _Some(share, [seed, 7])

    def answer(self, prices: Floats) -> Answers:
        """Return what is seen."""
        answers = self.inner.answer(prices)
        return hidden(answers, *self._some.lines(answers))


class _Some:
    # A share of companies and consumers, the same ones in every round.

    def __init__(self, share: float, seed: Sequence[int]) -> None:
        self._share = share
        self._seed = seed

    def lines(self, answers: Answers) -> tuple[Flags, Flags]:
        chance = np.random.default_rng(self._seed)
        company, consumer = answers.bids.company, answers.plans.consumer
        companies = chance.random(int(company.max(initial=-1)) + 1) < self._share
        consumers = chance.random(int(consumer.max(initial=-1)) + 1) < self._share
        return companies[company], consumers[consumer]


def _without(tradable: Flags, product: int) -> Flags:
    others = tradable.copy()
    others[product] = False
    return others
