"""
PURE. Fame for what was made beyond bid and sold (P-9), and who cannot afford a price.

Overproduction is not paid; it earns a place. A company that reported a unit cost above
the planned price is named to the board only (P-10).
"""

from bisect import bisect_right
from collections.abc import Collection
from decimal import Decimal

from schemas.rows import ZERO
from schemas.trading_rows import CostRow, FameRow
from schemas.values import Period
from streams.market.trading.product import TradedProduct


def fame_rows(
    product: TradedProduct, period: Period, shown: Collection[str]
) -> list[FameRow]:
    """
    Return the rows of those who overproduced, best first.

    Args:
        product: the product.
        period: the period.
        shown: companies that have had a row: theirs stays, if with nothing in it.
    """
    over: dict[str, Decimal] = {}
    for company_id, produced in product.produced.items():
        bid = product.bids.get(company_id, ZERO)
        beyond = produced - max(bid, product.sold.get(company_id, ZERO))
        if beyond > 0 or company_id in shown:
            over[company_id] = max(ZERO, beyond)
    amounts = sorted(over.values())
    return [
        FameRow(
            product_id=product.product_id,
            period=period,
            company_id=company_id,
            occurred_at=product.newest,
            bid=product.bids.get(company_id, ZERO),
            produced=product.produced[company_id],
            sold=product.sold.get(company_id, ZERO),
            overproduced=amount,
            # Those that made more, and one: companies of one amount share a rank.
            rank=1 + len(amounts) - bisect_right(amounts, amount),
        )
        for company_id, amount in sorted(
            over.items(), key=lambda item: (-item[1], item[0])
        )
    ]


def cost_rows(
    product: TradedProduct,
    period: Period,
    planned_price: Decimal | None,
    shown: Collection[str],
) -> list[CostRow]:
    """
    Return the rows of those whose reported cost lies above the planned price.

    Args:
        product: the product.
        period: the period.
        planned_price: that stands now; without one nobody is named.
        shown: companies that have had a row: theirs stays, so that it can be seen when
            they can afford the price again.
    """
    if planned_price is None:
        return []
    return [
        CostRow(
            period=period,
            company_id=company_id,
            of_product_id=product.product_id,
            occurred_at=occurred_at,
            unit_cost=unit_cost,
            planned_price=planned_price,
        )
        for company_id, (occurred_at, _, unit_cost) in sorted(product.costs.items())
        if unit_cost > planned_price or company_id in shown
    ]
