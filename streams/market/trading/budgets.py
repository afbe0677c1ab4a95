"""
PURE. What a denied plan line sets free, and what a fallen price saves (P-7).

Both move money from a consumer's planned card to the unplanned one. Inputs of a bid
are paid for by their company and move nothing.
"""

from collections.abc import Sequence
from decimal import Decimal

from schemas.rows import ZERO, Line
from streams.market.terms import answer, denied_quantity
from streams.market.trading.prices import Prices


def saved_value(line: Line, prices: Prices, bought: Sequence[Decimal]) -> Decimal:
    """
    Return what fallen prices save on a line, before tax.

    Each time the planned price falls below what the line was planned at and below all
    planned prices before, the difference is saved on the units that are not bought by
    then. What a unit once saved stays saved if the price rises again (our choice:
    the money may be spent).

    Args:
        line: a consumer's own.
        prices: of its product.
        bought: planned units bought, less those given back, by step of the price;
            may be empty if there is one step.
    """
    least = prices.planned_at(line.round)
    if least is None or not line.amount:
        return ZERO
    saved, left = ZERO, line.amount
    for step, price in enumerate(prices.steps):
        if price < least:
            saved += (least - price) * max(ZERO, left)
            least = price
        if bought:
            left -= bought[step]
    return saved


def freed_budget(line: Line, prices: Prices) -> Decimal:
    """
    Return what a denied line leaves for the unplanned card, as its consumer said.

    The budget is what the line would have cost when it was planned, before tax, as
    the board counts it at the gate (`streams/market/planning/outcome.py`). Whether it
    is denied is decided by the price that stands first: what moved stays moved.

    Args:
        line: a consumer's own, of a council whose lines count.
        prices: of its product.
    """
    planned_price = prices.begin
    terms = line.terms
    if planned_price is None or terms is None or terms.when_denied != "use_unplanned":
        return ZERO
    if not denied_quantity(line.quantity, terms, "plan", planned_price):
        return ZERO
    price = prices.set_aside_at(line.round) or ZERO
    wanted = answer(line.quantity, terms, "plan", price)
    if wanted:
        return max(ZERO, wanted * price)
    # A line that this price denied as well was never worth more than its limit.
    limit = terms.limit
    return max(ZERO, line.quantity * (price if limit is None else min(price, limit)))
