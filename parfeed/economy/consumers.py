"""
PURE. What consumers answer to prices.

Two ways of wanting, each as arrays of lines. A consumer with a budget spends its income
so that its utility of constant elasticity is greatest; elasticity 1 is Cobb-Douglas,
whose budget shares are the weights. A consumer with limits wants its full quantity up
to one price, nothing beyond another, and what lies on the straight line in between.
"""

from typing import NamedTuple

import numpy as np

from parfeed.economy.sums import summed
from streams.market.answers import Floats, Integers


class Budgets(NamedTuple):
    """
    Consumers who spend an income.

    Attributes:
        income: by consumer, in money.
        elasticity: by consumer, of substitution between products, above 0.
        consumer: of each line.
        product: of each line; at most one line per consumer and product.
        weight: of each line, above 0. Only their ratios within a consumer matter.
    """

    income: Floats
    elasticity: Floats
    consumer: Integers
    product: Integers
    weight: Floats

    def wanted(self, prices: Floats) -> Floats:
        """Return the quantity of each line."""
        return self.wanted_at(prices, np.ones(1))[:, 0]

    def wanted_at(self, prices: Floats, factors: Floats) -> Floats:
        """
        Return the quantity of each line if its own product's price were another.

        Args:
            prices: by product.
            factors: on the own price; all other prices stay.

        Returns:
            One row per line, one column per factor.
        """
        price = prices[self.product]
        elasticity = self.elasticity[self.consumer]
        worth = self.weight * price ** (1 - elasticity)
        total = summed(self.consumer, worth, len(self.income))[self.consumer]
        others = np.maximum(total - worth, 0)
        at = price[:, None] * factors
        changed = worth[:, None] * factors ** (1 - elasticity[:, None])
        spent = self.income[self.consumer, None] * changed
        # For factor 1 the sum is the total itself, without a rounding error of its own.
        whole = np.where(factors == 1, total[:, None], others[:, None] + changed)
        return spent / (whole * at)


class Limits(NamedTuple):
    """
    Plan lines with limits.

    Attributes:
        consumer: of each line.
        product: of each line.
        most: the full quantity.
        full_price: up to which the full quantity is wanted.
        limit_price: from which nothing is wanted; above the full price.
    """

    consumer: Integers
    product: Integers
    most: Floats
    full_price: Floats
    limit_price: Floats

    def wanted(self, prices: Floats) -> Floats:
        """Return the quantity of each line."""
        width = self.limit_price - self.full_price
        share = (self.limit_price - prices[self.product]) / width
        return self.most * np.clip(share, 0, 1)


NO_INTEGERS: Integers = np.zeros(0, np.int64)
NO_FLOATS: Floats = np.zeros(0)
NO_BUDGETS = Budgets(NO_FLOATS, NO_FLOATS, NO_INTEGERS, NO_INTEGERS, NO_FLOATS)
NO_LIMITS = Limits(NO_INTEGERS, NO_INTEGERS, NO_FLOATS, NO_FLOATS, NO_FLOATS)
