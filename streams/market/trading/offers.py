"""
PURE. The rows of companies' offers: a product's unplanned prices against the planned
one.
"""

from bisect import bisect_left
from datetime import datetime
from decimal import Decimal

from schemas.trading_rows import OfferRow
from schemas.values import Period
from streams.market.trading.asks import Asks
from streams.market.trading.loss import Rates


def offer_rows(
    product_id: str,
    period: Period,
    *,
    asks: Asks,
    end: datetime,
    planned_price: Decimal | None,
    rates: Rates,
) -> list[OfferRow]:
    """
    Return a row for each company that offers the product in a period.

    Call it in the context `schemas.values.EXACT`.

    Args:
        product_id: the product.
        period: the period.
        asks: what companies ask for the product.
        end: when the period ends; what is asked then is no business of it.
        planned_price: that stands now; None if there is none.
        rates: with which tax goes on top.
    """
    standing = []
    for company_id in asks.companies():
        ask = asks.before(company_id, end)
        if ask is not None:
            standing.append((company_id, ask))
    prices = sorted([ask.price for _, ask in standing])
    planned_cost = None if planned_price is None else planned_price * rates.planned
    rows = []
    for company_id, ask in sorted(standing):
        cost = ask.price * rates.unplanned
        rows.append(
            OfferRow(
                product_id=product_id,
                period=period,
                company_id=company_id,
                occurred_at=ask.since,
                unplanned_price=ask.price,
                planned_price=planned_price,
                loss=None if planned_cost is None else cost - planned_cost,
                # Those that ask less, and one: companies of one price share a rank.
                rank=1 + bisect_left(prices, ask.price),
                sellers=len(standing),
                stands_since=ask.since,
                planned_cost=planned_cost,
                unplanned_cost=cost,
            )
        )
    return rows
