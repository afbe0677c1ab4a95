"""
PURE. An economy in which some processes have increasing returns.

With a capacity such a process makes all of it when that pays and nothing when it does
not, so its supply jumps at a price of its own. Without one its supply falls as its
price rises, and a rule that raises prices to get more gets less. Either way nobody
knows whether there are prices that clear.
"""

import numpy as np

from parfeed.economy.economy import Economy
from parfeed.economy.producers import Processes
from parfeed.economy.troubles import SOME
from streams.market.answers import Floats


def with_increasing_returns(
    economy: Economy, share: float = SOME, seed: int = 0, *, with_capacity: bool = True
) -> Economy:
    """
    Return the economy with increasing returns in some of its processes.

    At the prices that clear without them (at the first ones, where nobody knows any)
    such a process makes what it made; with a capacity, it about breaks even there.

    Args:
        economy: whose processes are changed.
        share: of the processes.
        seed: of chance.
        with_capacity: whether supply jumps; otherwise it falls.
    """
    chance = np.random.default_rng([seed, 8])
    known = economy.clearing_prices
    prices = economy.start_prices if known is None else known
    processes = economy.parts.processes
    size = len(processes.company)
    some = chance.random(size) < share
    total = chance.uniform(1.02, 1.2, size)
    exponents = processes.exponents()
    factors = np.where(some, total / exponents, 1.0)
    level, _ = processes.levels(prices)
    changed = processes._replace(
        effort=processes.effort * factors,
        input_exponent=processes.input_exponent * factors[processes.input_process],
    )
    if with_capacity:
        made = level * chance.uniform(1, 2, size)
        # Of the revenue at capacity, what making it costs at the least.
        share_spent = chance.uniform(0.75, 1.05, size) / changed.exponents()
        capacity = np.where(some, made, processes.capacity)
    else:
        made, share_spent = level, np.ones(size)
        capacity = np.where(some, np.inf, processes.capacity)
    scale = _scales(changed, prices, made, share_spent)
    changed = changed._replace(
        scale=np.where(some, scale, processes.scale), capacity=capacity
    )
    return economy.replaced(parts=economy.parts._replace(processes=changed))


def _scales(
    processes: Processes, prices: Floats, made: Floats, share_spent: Floats
) -> Floats:
    # ln made = scale + sum b ln(b / p) + (sum b + h) ln(spent per exponent)
    exponents = processes.exponents()
    spent = share_spent * processes.revenue(prices) * made
    return np.log(made) - processes.input_terms(prices) - exponents * np.log(spent)
