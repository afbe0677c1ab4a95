"""
PURE. Economies drawn at random, which can clear.

The prices that clear are drawn first and everybody's behaviour around them; then
supplies are scaled so that at those prices each product's supply is its demand. With
x the value of what is supplied of each product, c what consumers spend on it, w the
share of it that a process makes and b what inputs take of a process's revenue,

    x = c + b w x

has one solution, since inputs take less than all. What is drawn can be said in events:
nobody has two lines that would replace each other. Where a rule starts is drawn too: up
to 100 times off, either all prices together or each by itself.
"""

from typing import Final, Literal, NamedTuple

import numpy as np

from parfeed.economy.consumers import NO_BUDGETS, NO_FLOATS, NO_LIMITS, Budgets, Limits
from parfeed.economy.economy import Economy, Parts
from parfeed.economy.producers import Endowments, Offers, Processes
from parfeed.economy.sums import summed
from streams.market.answers import Floats, Integers

Kind = Literal["cobb_douglas", "ces", "limits", "mixed", "ces_makers"]
KINDS: Final[tuple[Kind, ...]] = (
    *("cobb_douglas", "ces", "limits", "mixed", "ces_makers"),
)
"""How consumers want: with an elasticity of 1, with one of 0.5 to 2.5 each, with plan
lines that have limits, or some of each. Last, companies as well as consumers have
elasticities of 0.5 to 2.5; elsewhere those of companies are 1."""

FARTHEST_START: Final = 100.0
"""How many times too high or too low a starting price may be."""

LEAST_PRODUCTS: Final = 10
MOST_PRODUCTS: Final = 200

_MOST_WANTED: Final = 150
"""Products that one consumer wants, on average of those who want most: nobody plans
thousands of lines."""

_TIMES: Final = 200
"""0.8 to that power is below what a float can tell."""


class Roles(NamedTuple):
    """The products: which are made, which of those are wanted, which are there."""

    made: Integers
    wanted: Integers
    fixed: Integers


class Wiring(NamedTuple):
    """
    Who makes and needs what, before any quantity.

    Attributes:
        company: of each process.
        output_process, output_product, output_share: of a product, the share that the
            process makes of it; by product they add up to what is made by processes.
        input_process, input_product, input_exponent: what processes need.
        effort: of each process, its exponent.
    """

    company: Integers
    output_process: Integers
    output_product: Integers
    output_share: Floats
    input_process: Integers
    input_product: Integers
    input_exponent: Floats
    effort: Floats


def draw_economy(
    seed: int, kind: Kind = "mixed", products: int | None = None
) -> Economy:
    """
    Draw an economy; the same arguments draw the same one.

    Args:
        seed: of everything that is drawn.
        kind: how its consumers want.
        products: how many; drawn from 10 to 200 if not given.

    Returns:
        An economy that clears at its `clearing_prices`.
    """
    chance = np.random.default_rng([seed, KINDS.index(kind)])
    if products is None:
        spread = np.log([LEAST_PRODUCTS, MOST_PRODUCTS + 1])
        products = int(np.exp(chance.uniform(*spread)))
    prices = np.exp(chance.uniform(np.log(0.5), np.log(500), products))
    roles = _roles(products, chance)
    consumers = int(chance.integers(20, 301))
    budgets, limits = _consumers(kind, consumers, prices, roles, chance)
    spent = summed(budgets.product, budgets.wanted(prices), products)
    spent = (spent + summed(limits.product, limits.wanted(prices), products)) * prices
    wiring = _wiring(roles, products, chance)
    # Of what is made, some comes from bids without inputs.
    offered = np.zeros(products)
    if kind in ("limits", "mixed"):
        some = chance.random(len(roles.made)) < 0.4
        offered[roles.made[some]] = chance.uniform(0.1, 0.6, some.sum())
    value, revenue = _values(wiring, spent, offered)
    processes = _processes(wiring, value, revenue, offered, prices, kind, chance)
    company = int(wiring.company.max()) + 1
    offers = _offers(company, value * offered, prices, chance)
    company += len(offers.most)
    endowments = Endowments(
        company=np.arange(company, company + len(roles.fixed)),
        product=roles.fixed,
        quantity=value[roles.fixed] / prices[roles.fixed],
    )
    return Economy(
        [f"product-{number:03}" for number in range(1, products + 1)],
        Parts(processes, offers, endowments, budgets, limits),
        start_prices=prices * _start_factors(products, chance),
        clearing_prices=prices,
    )


def _start_factors(products: int, chance: np.random.Generator) -> Floats:
    farthest = np.log(FARTHEST_START)
    if chance.random() < 0.5:
        together = chance.uniform(-farthest, farthest)
        apart = chance.uniform(-1, 1, products) * np.log(2)
        factors: Floats = np.exp(np.clip(together + apart, -farthest, farthest))
        return factors
    # Few boards know nothing of any price: how far off is drawn as well.
    reach = farthest * chance.random()
    apart = chance.uniform(-reach, reach, products)
    return np.exp(apart)


def _roles(products: int, chance: np.random.Generator) -> Roles:
    order = chance.permutation(products)
    fixed = max(2, round(products * chance.uniform(0.15, 0.4)))
    between = max(1, round(products * chance.uniform(0.1, 0.3)))
    made = order[fixed:]
    # Something of what is simply there is wanted as it is: water, room.
    direct = order[: int(chance.integers(0, fixed // 2 + 1))]
    return Roles(
        made=np.sort(made),
        wanted=np.sort(np.concatenate([order[fixed + between :], direct])),
        fixed=np.sort(order[:fixed]),
    )


# Consumers.


def _consumers(
    kind: Kind,
    consumers: int,
    prices: Floats,
    roles: Roles,
    chance: np.random.Generator,
) -> tuple[Budgets, Limits]:
    with_limits = {"limits": consumers, "mixed": consumers // 3}.get(kind, 0)
    budgets, limits = NO_BUDGETS, NO_LIMITS
    if with_limits < consumers:
        count = consumers - with_limits
        consumer, product = _spread_out(count, roles.wanted, chance)
        elasticity = np.ones(count)
        if kind != "cobb_douglas":
            elasticity = chance.uniform(0.5, 2.5, count)
        share = chance.gamma(2, size=len(consumer)) + 0.05
        # A weight whose budget share at the clearing prices is the one drawn.
        weight = share * prices[product] ** (elasticity[consumer] - 1)
        income = np.exp(chance.normal(np.log(5_000), 0.5, count))
        budgets = Budgets(income, elasticity, consumer, product, weight)
    if with_limits:
        consumer, product = _spread_out(with_limits, roles.wanted, chance)
        size = len(consumer)
        price = prices[product]
        # Most would pay more than the clearing price; some would not even pay that.
        limit = price * chance.uniform(0.8, 4, size)
        full = limit * chance.uniform(0.05, 0.8, size)
        worth = 5_000 / len(roles.wanted) * chance.gamma(2, size=size)
        limits = Limits(consumer, product, worth / price, full, limit)
    return budgets, limits


def _spread_out(
    count: int, wanted: Integers, chance: np.random.Generator
) -> tuple[Integers, Integers]:
    # Who wants what: from a few products to all; each is wanted by several at least.
    least, most = (min(1.0, number / len(wanted)) for number in (3, _MOST_WANTED))
    share = chance.uniform(least, most, count)
    wants = chance.random((count, len(wanted))) < share[:, None]
    for column in range(len(wanted)):
        wants[chance.choice(count, min(4, count), replace=False), column] = True
    idle = np.flatnonzero(~wants.any(axis=1))
    wants[idle, chance.integers(0, len(wanted), len(idle))] = True
    consumer, place = np.nonzero(wants)
    return consumer, wanted[place]


# Companies.


def _wiring(roles: Roles, products: int, chance: np.random.Generator) -> Wiring:
    main = np.repeat(roles.made, chance.integers(2, 13, len(roles.made)))
    processes = len(main)
    share = chance.gamma(1.5, size=processes) + 0.05
    outputs = [
        (process, int(main[process]), share[process]) for process in range(processes)
    ]
    # One in ten makes something else along with it.
    for process in np.flatnonzero(chance.random(processes) < 0.1).tolist():
        other = int(chance.choice(roles.made))
        if other != main[process]:
            outputs.append((process, other, 0.3 * share[process]))
    outputs.sort(key=lambda line: line[0])
    at, product, part = (np.array(column) for column in zip(*outputs, strict=True))
    total = summed(product, part, products)
    wanted = set(roles.wanted.tolist())
    needed = np.concatenate(
        [roles.fixed, [g for g in roles.made if int(g) not in wanted]]
    ).astype(np.int64)
    inputs = _needs(at, product, processes, needed, products, chance)
    size = len(inputs)
    input_process, input_product = inputs[:, 0], inputs[:, 1]
    weight = chance.gamma(2, size=size) + 0.1
    whole = summed(input_process, weight, processes)
    costs = chance.uniform(0.3, 0.8, processes)
    return Wiring(
        company=_companies(at, product, processes, chance),
        output_process=at,
        output_product=product,
        output_share=part / total[product],
        input_process=input_process,
        input_product=input_product,
        input_exponent=weight / whole[input_process] * costs[input_process],
        effort=chance.uniform(0.01, 0.1, processes),
    )


def _companies(
    at: Integers, product: Integers, processes: int, chance: np.random.Generator
) -> Integers:
    # Three processes in ten are run by the company of another. Never two for one
    # product: of a company's bids for it the later replaces the earlier.
    makes: list[set[int]] = [set() for _ in range(processes)]
    for process, made in zip(at.tolist(), product.tolist(), strict=True):
        makes[process].add(made)
    joins = chance.random(processes) < 0.3
    company = np.zeros(processes, np.int64)
    number, its = -1, set[int]()
    for process in chance.permutation(processes).tolist():
        if number < 0 or not joins[process] or its & makes[process]:
            number, its = number + 1, set()
        its |= makes[process]
        company[process] = number
    return company


def _needs(
    at: Integers,
    product: Integers,
    processes: int,
    needed: Integers,
    products: int,
    chance: np.random.Generator,
) -> Integers:
    # Of each process a few products, of each product a few processes.
    counts = np.minimum(len(needed), chance.integers(2, 6, processes))
    process = np.repeat(np.arange(processes), counts)
    some = np.concatenate(
        [chance.choice(needed, count, replace=False) for count in counts.tolist()]
    )
    needy = chance.integers(0, processes, (len(needed), 3))
    process = np.concatenate([process, needy.ravel()])
    some = np.concatenate([some, np.repeat(needed, 3)])
    key = np.unique(process * products + some)
    # Nothing is made of itself. One that has nothing else to need takes effort alone.
    key = key[~np.isin(key, at * products + product)]
    return np.stack([key // products, key % products], axis=1)


def _values(wiring: Wiring, spent: Floats, offered: Floats) -> tuple[Floats, Floats]:
    # By product what is supplied, in money; by output line what it earns.
    at, product = wiring.output_process, wiring.output_product
    share = wiring.output_share * (1 - offered)[product]
    value = spent
    # What is not yet counted shrinks by a fifth at least each time.
    for _ in range(_TIMES):
        revenue = summed(at, share * value[product], len(wiring.company))
        needed = wiring.input_exponent * revenue[wiring.input_process]
        value = spent + summed(wiring.input_product, needed, len(spent))
    return value, share * value[product]


def _processes(
    wiring: Wiring,
    value: Floats,
    line_revenue: Floats,
    offered: Floats,
    prices: Floats,
    kind: Kind,
    chance: np.random.Generator,
) -> Processes:
    size = len(wiring.company)
    # A unit of a process is what it does at the clearing prices, so there ln q is 0.
    revenue = summed(wiring.output_process, line_revenue, size)
    b = wiring.input_exponent
    at = wiring.input_process
    terms = b * np.log(b * revenue[at] / prices[wiring.input_product])
    scale = -summed(at, terms, size) - wiring.effort * np.log(revenue)
    capacity = np.full(size, np.inf)
    if kind in ("limits", "mixed"):
        capacity = chance.uniform(1.2, 6, size)
    elasticity, usual_price = NO_FLOATS, NO_FLOATS
    if kind == "ces_makers":
        elasticity = chance.uniform(0.5, 2.5, size)
        # Companies know what they know from the prices that clear.
        usual_price = prices[wiring.input_product]
    return Processes(
        company=wiring.company,
        scale=scale,
        effort=wiring.effort,
        capacity=capacity,
        output_process=wiring.output_process,
        output_product=wiring.output_product,
        output_amount=line_revenue / prices[wiring.output_product],
        input_process=at,
        input_product=wiring.input_product,
        input_exponent=b,
        elasticity=elasticity,
        input_usual_price=usual_price,
    )


def _offers(
    company: int, worth: Floats, prices: Floats, chance: np.random.Generator
) -> Offers:
    # Several bidders for each product that is offered without inputs.
    goods = np.flatnonzero(worth)
    product = np.repeat(goods, chance.integers(2, 7, len(goods)))
    size = len(product)
    least = chance.uniform(0.3, 0.95, size)
    full = least + chance.uniform(0.1, 1.2, size)
    share = chance.gamma(2, size=size) + 0.1
    now = np.clip((1 - least) / (full - least), 0, 1) * share
    total = summed(product, now, len(prices))[product]
    price = prices[product]
    return Offers(
        company=np.arange(company, company + size),
        product=product,
        most=share / total * worth[product] / price,
        least_price=least * price,
        full_price=full * price,
    )
