"""
PURE. What producers answer to prices.

A process turns inputs and effort into one product or several that come together. It
makes what earns most at the announced prices: with lam the revenue of one unit of the
process, p the inputs' prices, b their exponents and h that of effort,

    ln q (1 - sum b - h) = scale + sum b ln(b lam / p) + h ln lam,     x = lam b q / p

Inputs that stand in for each other with another elasticity than 1 keep the sum of their
exponents, while each one's part of it moves with prices; at the inputs' usual prices it
is what it would be with an elasticity of 1.

Beyond its capacity it makes its capacity, with the inputs that do that at least cost.
With increasing returns (sum b + h above 1) the formula is where profit is least. Such a
process makes its capacity when that pays, and nothing otherwise. Without a capacity it
keeps to the formula, as a company does that asks for its costs and no more: it makes
the less, the higher the price.
"""

from typing import NamedTuple

import numpy as np

from parfeed.economy.consumers import NO_FLOATS
from parfeed.economy.sums import summed
from streams.market.answers import Floats, Integers

_LEAST_RETURNS = 1e-6
"""1 - sum b - h is taken to be this far from 0 at least."""

_LOG_MOST = 300.0
"""Bound of a quantity's logarithm: sums of squares of such quantities are floats."""


class Processes(NamedTuple):
    """
    Attributes:
        company: of each process; one company may run several.
        scale: of each process, a logarithm; what effort costs is part of it.
        effort: of each process, its exponent.
        capacity: of each process, in units of the process; may be infinite.
        output_process, output_product, output_amount: what a unit of a process makes;
            rising by process.
        input_process, input_product, input_exponent: what it needs; rising by process.
        elasticity: of each process, between its inputs, above 0; empty for 1
            everywhere.
        input_usual_price: of each input, where elasticities are not 1; else empty.
    """

    company: Integers
    scale: Floats
    effort: Floats
    capacity: Floats
    output_process: Integers
    output_product: Integers
    output_amount: Floats
    input_process: Integers
    input_product: Integers
    input_exponent: Floats
    elasticity: Floats = NO_FLOATS
    input_usual_price: Floats = NO_FLOATS

    def exponents(self) -> Floats:
        """Return by process the sum of its exponents, effort's among them."""
        size = len(self.company)
        inputs = summed(self.input_process, self.input_exponent, size)
        return inputs + self.effort

    def revenue(self, prices: Floats) -> Floats:
        """Return by process what a unit of it earns."""
        worth = self.output_amount * prices[self.output_product]
        return summed(self.output_process, worth, len(self.company))

    def levels(self, prices: Floats) -> tuple[Floats, Floats]:
        """
        Return by process its level, and what is spent per unit of an exponent.

        An input's quantity is its exponent at these prices (`exponents_at`) times the
        second, by its price.
        """
        exponents = self.exponents()
        terms = self.input_terms(prices)
        log_revenue = np.log(self.revenue(prices))
        return _levels(self, terms, exponents, log_revenue[:, None], 0.0)

    def made_at(self, prices: Floats, factors: Floats) -> Floats:
        """
        Return the quantity of each output if its own product's price were another.

        Returns:
            One row per output, one column per factor.
        """
        process, product = self.output_process, self.output_product
        worth = self.output_amount * prices[product]
        revenue = self.revenue(prices)[process, None] + worth[:, None] * (factors - 1)
        # A process that needs its own product pays the other price, too.
        dearer = self._dearer(self._own_exponents(prices), factors)
        levels, _ = _levels(
            self._of(process),
            self.input_terms(prices)[process],
            self.exponents()[process],
            np.log(revenue),
            dearer,
        )
        return levels.reshape(revenue.shape) * self.output_amount[:, None]

    def exponents_at(self, prices: Floats) -> Floats:
        """Return by input its exponent at some prices; their sum never changes."""
        worth, total = self._worths(prices)
        return worth * (self._sums() / total)[self.input_process]

    def input_terms(self, prices: Floats) -> Floats:
        """Return by process what stands for sum b ln(b / p) in its formula."""
        b = self.input_exponent
        if not len(self.elasticity):
            terms = b * np.log(b / prices[self.input_product])
            return summed(self.input_process, terms, len(self.company))
        usual = b * np.log(b / self.input_usual_price)
        relative = prices[self.input_product] / self.input_usual_price
        is_one = self.elasticity == 1
        terms = usual - np.where(is_one[self.input_process], b * np.log(relative), 0.0)
        sums, (_, total) = self._sums(), self._worths(prices)
        power = np.where(is_one, 1.0, 1 - self.elasticity)
        index = np.where(is_one, 0.0, sums / power * np.log(total / sums))
        return summed(self.input_process, terms, len(self.company)) - index

    # Private

    def _sums(self) -> Floats:
        # Of the inputs' exponents; a process of effort alone gets what divides safely.
        sums = summed(self.input_process, self.input_exponent, len(self.company))
        return np.where(sums > 0, sums, 1.0)

    def _worths(self, prices: Floats) -> tuple[Floats, Floats]:
        # Of each input, in what its exponent is a part; and their sum by process.
        worth = self.input_exponent
        if len(self.elasticity):
            relative = prices[self.input_product] / self.input_usual_price
            worth = worth * relative ** (1 - self.elasticity[self.input_process])
        total = summed(self.input_process, worth, len(self.company))
        return worth, np.where(total > 0, total, 1.0)

    def _own_exponents(self, prices: Floats) -> Floats:
        # By output, the exponent of that same product among the process's inputs.
        products = len(prices)
        key, at = np.unique(
            self.input_process * products + self.input_product, return_inverse=True
        )
        total = np.append(summed(at, self.exponents_at(prices), len(key)), 0.0)
        wanted = self.output_process * products + self.output_product
        place = np.searchsorted(key, wanted)
        is_own = np.append(key, -1)[place] == wanted
        return np.where(is_own, total[place], 0.0)

    def _dearer(self, own_exponent: Floats, factors: Floats) -> Floats:
        # By output and factor, what the terms lose when its own product is an input.
        plain = own_exponent[:, None] * np.log(factors)
        if not len(self.elasticity):
            return plain
        power = (1 - self.elasticity)[self.output_process, None]
        sums = self._sums()[self.output_process, None]
        part = own_exponent[:, None] / sums
        index = np.log(1 - part + part * factors**power)
        return np.where(power == 0, plain, sums * index / np.where(power, power, 1.0))

    def _of(self, process: Integers) -> "Processes":
        return self._replace(
            scale=self.scale[process],
            effort=self.effort[process],
            capacity=self.capacity[process],
        )


def _levels(
    of: Processes,
    input_terms: Floats,
    exponents: Floats,
    log_revenue: Floats,
    less: Floats | float,
) -> tuple[Floats, Floats]:
    # All by process down, and by what is asked across; `less` is taken off the terms.
    terms = (of.scale + input_terms)[:, None] - less
    power = exponents[:, None]
    returns = 1 - power
    log_capacity = np.log(of.capacity)[:, None]
    follows = (returns > 0) | np.isinf(log_capacity)
    least = np.where(returns > 0, _LEAST_RETURNS, -_LEAST_RETURNS)
    free = (terms + power * log_revenue) / np.where(
        np.abs(returns) > _LEAST_RETURNS, returns, least
    )
    free = np.clip(free, -_LOG_MOST, _LOG_MOST)
    log_level = np.where(follows, np.minimum(free, log_capacity), log_capacity)
    is_full = ~follows | (free > log_capacity)
    needed = np.where(is_full, (log_level - terms) / np.where(is_full, power, 1.0), 0.0)
    log_spent = np.where(is_full, needed, log_revenue + log_level)
    level = np.exp(log_level)
    spent = np.exp(log_spent)
    pays = follows | (power * spent <= np.exp(log_revenue) * level)
    level, spent = np.where(pays, level, 0.0), np.where(pays, spent, 0.0)
    if level.shape[1] == 1:
        return level[:, 0], spent[:, 0]
    return level, spent


class Offers(NamedTuple):
    """
    Bids without inputs: nothing up to one price, all from another, straight between.

    Attributes:
        company: of each bid.
        product: of each bid.
        most: the full quantity.
        least_price: up to which nothing is made.
        full_price: from which the full quantity is made; above the least price.
    """

    company: Integers
    product: Integers
    most: Floats
    least_price: Floats
    full_price: Floats

    def made(self, prices: Floats) -> Floats:
        """Return the quantity of each bid."""
        width = self.full_price - self.least_price
        share = (prices[self.product] - self.least_price) / width
        return self.most * np.clip(share, 0, 1)


class Endowments(NamedTuple):
    """Supplies that are simply there: land, hours."""

    company: Integers
    product: Integers
    quantity: Floats
