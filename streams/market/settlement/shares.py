"""
PURE. What a product's sales add up to per party: the weights of steps 3 and 4.

Exact, before any rounding. Only who stands above zero has a share.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas.rows import ZERO
from schemas.trading import TermsSet
from streams.market.settlement.accounts import (
    company_account,
    consumer_account,
    pool_account,
)
from streams.market.settlement.sales import Sale, Sales

Weights = Mapping[str, Decimal]
"""By account."""


class Shares(NamedTuple):
    """
    Attributes:
        over_plan: of a company, (u - p) q of its unplanned sales; below zero it sold
            for less than planned.
        overpaid: of a council's pool, (u - p) q of what its consumers bought.
        sold_unplanned: of a company, u q.
        tax_of_buyers, tax_of_sellers: the half of the tax that each bore. What a
            company was not paid for it bore none on.
    """

    over_plan: Weights
    overpaid: Weights
    sold_unplanned: Weights
    tax_of_buyers: Weights
    tax_of_sellers: Weights


def shares_of(
    sales: Sales,
    beyond_bid: Iterable[Sale],
    councils: Mapping[str, str],
    terms: TermsSet,
) -> Shares:
    """
    Add up a product's sales by party.

    Args:
        sales: all of them.
        beyond_bid: the planned ones that are not paid.
        councils: of consumers, by name.
        terms: of trade.
    """
    over_plan: dict[str, Decimal] = {}
    overpaid: dict[str, Decimal] = {}
    sold_unplanned: dict[str, Decimal] = {}
    of_buyers: dict[str, Decimal] = {}
    of_sellers: dict[str, Decimal] = {}

    def add(to: dict[str, Decimal], account: str, amount: Decimal) -> None:
        to[account] = to.get(account, ZERO) + amount

    half = terms.planned_tax / 2
    for sale in sales.planned:
        tax = sale.unit_price * sale.quantity * half
        add(of_buyers, consumer_account(sale.consumer_id, is_planned=True), tax)
        add(of_sellers, company_account(sale.company_id), tax)
    for sale in beyond_bid:
        tax = sale.unit_price * sale.quantity * half
        add(of_sellers, company_account(sale.company_id), -tax)
    half = terms.unplanned_tax / 2
    for sale in sales.unplanned:
        company = company_account(sale.company_id)
        value = sale.unit_price * sale.quantity
        over = value - sale.gauge * sale.quantity
        tax = value * half
        add(of_buyers, consumer_account(sale.consumer_id, is_planned=False), tax)
        add(of_sellers, company, tax)
        add(sold_unplanned, company, value)
        add(over_plan, company, over)
        add(overpaid, pool_account(councils.get(sale.consumer_id or "")), over)
    return Shares(over_plan, overpaid, sold_unplanned, of_buyers, of_sellers)


def positive(weights: Weights) -> dict[str, Decimal]:
    """Return those above zero, by name."""
    return {name: weight for name, weight in sorted(weights.items()) if weight > 0}
