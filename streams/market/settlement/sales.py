"""
PURE. Steps 1 and 2: what a product's sales are, and how they are booked.

Sales of one company to one consumer at one price are one group: what they come to is
rounded once. Units given back are taken off; a group may come to less than nothing.

1. Planned sale: the buyer pays p q (1 + a/2), the company gets p q (1 - a/2), the board
   a p q. Units that a company sold beyond its bid are not paid: what it would have got
   goes to clearing. They are taken to be those sold last, at the newest price.
2. Unplanned sale: the buyer pays its council's pool u q (1 + b/2), and the pool passes
   it on: to the company the gauge p q less b u q / 2, to the board b u q, to clearing
   (u - p) q. Without a planned price p is u.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas.rows import ZERO
from schemas.trading import TermsSet
from streams.market.settlement.accounts import (
    TAX,
    clearing_account,
    company_account,
    consumer_account,
    pool_account,
)
from streams.market.settlement.booking import (
    PLANNED_SALE,
    UNPLANNED_PAYMENT,
    UNPLANNED_SALE,
    Booking,
    Side,
    booking,
)
from streams.market.settlement.formula import money, plain
from streams.market.settlement.rounding import rounded
from streams.market.settlement.split import Split


class Sale(NamedTuple):
    """
    Units of one company to one consumer at one price.

    Attributes:
        consumer_id: None where the shop did not know.
        unit_price: u; of planned units p.
        gauge: what a unit is worth to the company: p, or u where there is no p.
        quantity: less what was given back.
    """

    company_id: str
    consumer_id: str | None
    unit_price: Decimal
    gauge: Decimal
    quantity: Decimal


class Sales(NamedTuple):
    """All sales of a product in a period, in the order in which they are booked."""

    planned: tuple[Sale, ...]
    unplanned: tuple[Sale, ...]


_Group = tuple[str, str | None, Decimal, Decimal]


def sales_of(splits: Iterable[Split]) -> Sales:
    """Add up splits of one product to its sales."""
    planned: dict[_Group, Decimal] = {}
    unplanned: dict[_Group, Decimal] = {}
    for split in splits:
        trade, price = split.trade, split.planned_price
        if split.planned:
            if price is None:
                raise AssertionError("units are planned without a planned price")
            group = (trade.company_id, trade.consumer_id, price, price)
            planned[group] = planned.get(group, ZERO) + split.planned
        if split.unplanned:
            asked = trade.unit_price
            gauge = asked if price is None else price
            group = (trade.company_id, trade.consumer_id, asked, gauge)
            unplanned[group] = unplanned.get(group, ZERO) + split.unplanned
    return Sales(_in_order(planned), _in_order(unplanned))


def planned_bookings(
    product_id: str,
    sales: Iterable[Sale],
    beyond_bid: Iterable[Sale],
    terms: TermsSet,
) -> Iterator[Booking]:
    """
    Book step 1.

    Args:
        product_id: that was sold.
        sales: the planned ones.
        beyond_bid: what of them is not paid, see `sold_beyond`.
        terms: of trade.
    """
    rate, decimals = terms.planned_tax, terms.decimals
    half, a = rate / 2, plain(rate)
    for sale in sales:
        price, quantity = sale.unit_price, sale.quantity
        value, tax = price * quantity, price * quantity * half
        p, q = money(price, decimals), plain(quantity)
        made = booking(
            PLANNED_SALE,
            f"p = {p}, q = {q}, a = {a}",
            {
                consumer_account(sale.consumer_id, is_planned=True): (
                    -value - tax,
                    f"-{p} * {q} * (1 + {a} / 2)",
                ),
                company_account(sale.company_id): (
                    value - tax,
                    f"{p} * {q} * (1 - {a} / 2)",
                ),
                TAX: (tax + tax, f"{p} * {q} * {a}"),
            },
            decimals,
        )
        if made is not None:
            yield made
    for sale in beyond_bid:
        price, quantity = sale.unit_price, sale.quantity
        unpaid = price * quantity * (1 - half)
        p, q = money(price, decimals), plain(quantity)
        text = f"{p} * {q} * (1 - {a} / 2)"
        made = booking(
            PLANNED_SALE,
            f"beyond the bid: p = {p}, q = {q}, a = {a}",
            {
                company_account(sale.company_id): (-unpaid, f"-{text}"),
                clearing_account(product_id): (unpaid, text),
            },
            decimals,
        )
        if made is not None:
            yield made


def sold_beyond(
    sales: Iterable[Sale],
    bids: Mapping[str, Decimal],
    newest_first: Iterable[Decimal],
) -> tuple[Sale, ...]:
    """
    Return the planned sales that exceed their companies' bids.

    Args:
        sales: the planned ones.
        bids: units by company, as they count at the planned price; who is not named
            has bid none.
        newest_first: the product's planned prices.

    Returns:
        Per company and price one, to no consumer; none while nobody has a bid.
    """
    if not any(bids.values()):
        return ()
    by_company: dict[str, dict[Decimal, Decimal]] = {}
    for sale in sales:
        by_price = by_company.setdefault(sale.company_id, {})
        by_price[sale.unit_price] = by_price.get(sale.unit_price, ZERO) + sale.quantity
    # Two announcements may name one price: it is as new as the later of them.
    prices = tuple(dict.fromkeys(newest_first))
    beyond = []
    for company_id, by_price in sorted(by_company.items()):
        left = sum(by_price.values(), ZERO) - bids.get(company_id, ZERO)
        for price in prices:
            over = min(left, by_price.get(price, ZERO))
            if over > 0:
                beyond.append(Sale(company_id, None, price, price, over))
                left -= over
    return tuple(beyond)


def unplanned_bookings(
    product_id: str,
    sales: Iterable[Sale],
    councils: Mapping[str, str],
    terms: TermsSet,
) -> Iterator[Booking]:
    """
    Book step 2.

    Args:
        product_id: that was sold.
        sales: the unplanned ones.
        councils: of consumers, by name.
        terms: of trade.
    """
    rate, decimals = terms.unplanned_tax, terms.decimals
    half, b = rate / 2, plain(rate)
    clearing = clearing_account(product_id)
    for sale in sales:
        quantity = sale.quantity
        value, worth = sale.unit_price * quantity, sale.gauge * quantity
        tax = value * half
        u, p = money(sale.unit_price, decimals), money(sale.gauge, decimals)
        q = plain(quantity)
        payer = consumer_account(sale.consumer_id, is_planned=False)
        pool = pool_account(councils.get(sale.consumer_id or ""))
        text = f"{u} * {q} * (1 + {b} / 2)"
        # The pool passes on what it got: rounded once, so that it keeps nothing.
        paid = rounded({payer: -value - tax, pool: value + tax}, decimals)
        if value:
            yield Booking(
                UNPLANNED_PAYMENT,
                f"u = {u}, q = {q}, b = {b}",
                (Side(payer, paid[payer], f"-{text}"), Side(pool, paid[pool], text)),
            )
        made = booking(
            UNPLANNED_SALE,
            f"u = {u}, p = {p}, q = {q}, b = {b}",
            {
                company_account(sale.company_id): (
                    worth - tax,
                    f"{p} * {q} - {b} * {u} * {q} / 2",
                ),
                TAX: (tax + tax, f"{b} * {u} * {q}"),
                clearing: (value - worth, f"({u} - {p}) * {q}"),
            },
            decimals,
            fixed=Side(pool, -paid[pool], f"-{text}") if value else None,
        )
        if made is not None:
            yield made


def _in_order(groups: Mapping[_Group, Decimal]) -> tuple[Sale, ...]:
    # By name, and of one company and consumer by price: whatever order they came in.
    return tuple(
        Sale(*group, quantity)
        for group, quantity in sorted(
            groups.items(),
            key=lambda item: (
                item[0][0],
                item[0][1] is not None,
                item[0][1] or "",
                item[0][2],
                item[0][3],
            ),
        )
        if quantity
    )
