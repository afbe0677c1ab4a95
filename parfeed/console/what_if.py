"""
PURE. What a price, a bid or a purchase would do, said while it is typed.

By docs/economics.md: loss = u (1 + b/2) - p (1 + a/2). Nothing is said that the feed
does not tell: where it has no offers of a product, a price is compared with the one
that the product's row names; what sells in an hour is all sellers' together.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from parfeed.cli.layout import plain
from parfeed.cli.numbers import money, number
from parfeed.console.economics import Taxes, cents
from parfeed.console.offers import Offers, Rank
from parfeed.console.product_columns import written_change
from parfeed.console.products import Product
from streams.market.imbalance import imbalance_of

_WIDTH: Final = 16


def price_effect(
    product: Product,
    price: Decimal | None,
    company_id: str,
    taxes: Taxes,
    offers: Offers,
) -> list[str]:
    """
    Return what an unplanned price would mean.

    Args:
        product: whose price.
        price: that is thought of; None while it cannot be read.
        company_id: who would ask it.
        taxes: on planned and unplanned purchases.
        offers: of all sellers.
    """
    row = product.glance
    own, planned = product.own_price, row.price.planned
    lines = [
        f"planned {money(planned, _WIDTH)}, your unplanned price now "
        f"{money(own, _WIDTH)}"
    ]
    if price is None:
        return lines
    if planned is None:
        lines.append("no planned price yet: what a buyer loses is not known")
    else:
        lines.append(_loss(price, planned, taxes))
    rank = offers.rank_at(row.product_id, company_id, price)
    if rank is None:
        lines.append(_against_the_least(product, price, company_id))
    else:
        lines.append(_among_sellers(rank, price))
    hour = row.rolling.hour
    if hour.quantity > 0:
        lines.append(
            f"all sellers sold {number(hour.quantity, _WIDTH)} unplanned in the last "
            f"hour: {money(cents(price * hour.quantity), _WIDTH)} an hour at this pace "
            f"and price (was {money(cents(hour.value), _WIDTH)})"
        )
    else:
        lines.append("nothing was sold unplanned in the last hour")
    return lines


def bid_effect(product: Product, quantity: Decimal | None, taxes: Taxes) -> list[str]:
    """
    Return what a bid would mean.

    Args:
        product: what would be made.
        quantity: units; None while they cannot be read.
        taxes: on planned and unplanned purchases.
    """
    row = product.glance
    price, supply = row.standing_price, row.supply.planned
    lines = [
        f"supply {number(supply, _WIDTH)}, demand {number(row.demand.planned, _WIDTH)}"
        + (
            f", your bid now {number(product.own_bid, _WIDTH)}"
            if product.own_bid is not None
            else ""
        )
    ]
    if quantity is None:
        return lines
    # A bid replaces the company's earlier one, which is private: only what was placed
    # here is known of it.
    other = supply - (product.own_bid or 0)
    found = imbalance_of(max(other, Decimal(0)) + quantity, row.demand.planned)
    if found is not None:
        beside = "" if product.own_bid is not None else ", if you had no bid before"
        lines.append(f"imbalance {found.percent:+.2f}% {found.colour}{beside}")
    if price is not None:
        word = "planned" if row.price.planned is not None else "announced"
        income = cents(taxes.planned_income(price) * quantity)
        lines.append(
            f"all of it sold at the {word} price {money(price, _WIDTH)}: "
            f"{money(income, _WIDTH)} after tax"
        )
    if quantity == 0:
        lines.append("0 withdraws your bid")
    return lines


def quote(product: Product, quantity: Decimal | None, taxes: Taxes) -> list[str]:
    """
    Return what a purchase would cost its buyer, planned and unplanned.

    Args:
        product: what would be bought.
        quantity: units; None while they cannot be read.
        taxes: on planned and unplanned purchases.
    """
    price = product.glance.price
    units = Decimal(1) if quantity is None else quantity
    planned: Decimal | None = None
    lines: list[str] = []
    if price.planned is None:
        lines.append("no planned price yet")
    else:
        planned = cents(taxes.planned_cost(price.planned) * units)
        lines.append(f"planned: {money(planned, _WIDTH)} with tax")
    if price.unplanned is None:
        lines.append("nobody offers it unplanned")
        return lines
    unplanned = cents(taxes.unplanned_cost(price.unplanned) * units)
    lines.append(
        f"unplanned from {plain(price.unplanned_company or '?')}: "
        f"{money(unplanned, _WIDTH)} with tax"
    )
    if planned is not None:
        # Of what is shown, so that the three figures add up.
        lines.append(_lost_or_saved(unplanned - planned))
    return lines


def joined(lines: Sequence[str], width: int, most: int) -> list[str]:
    """Put short lines beside each other, and leave out what has no room."""
    found: list[str] = []
    for line in lines:
        if found and len(found[-1]) + 3 + len(line) <= width:
            found[-1] += f"   {line}"
        else:
            found.append(line)
    return found[:most]


def _loss(price: Decimal, planned: Decimal, taxes: Taxes) -> str:
    costs = cents(taxes.unplanned_cost(price))
    instead = cents(taxes.planned_cost(planned))
    return (
        f"a unit costs its buyer {money(costs, _WIDTH)} instead of "
        f"{money(instead, _WIDTH)} with tax: {_lost_or_saved(costs - instead)}"
    )


def _lost_or_saved(amount: Decimal) -> str:
    if amount > 0:
        return f"loses {money(amount, _WIDTH)}"
    return f"saves {money(-amount, _WIDTH)}" if amount < 0 else "loses nothing"


def _among_sellers(rank: Rank, price: Decimal) -> str:
    place = f"rank {rank.rank} of {rank.sellers:,} sellers"
    if rank.cheapest is None:
        return f"{place}: nobody else offers it unplanned"
    name, least = rank.cheapest
    other = f"{plain(name)} asks {money(least, _WIDTH)}"
    if price < least:
        return f"{place}: the cheapest; then {other}"
    return f"{place}: {other}, {written_change(least - price, _WIDTH)} against you"


def _against_the_least(product: Product, price: Decimal, company_id: str) -> str:
    offered = product.glance.price
    least, seller = offered.unplanned, offered.unplanned_company
    if least is None:
        return "you would be the only one to offer it unplanned"
    if seller == company_id:
        if price <= least:
            return "you stay the cheapest"
        return "you are the cheapest now; the next price is not known"
    name = plain(seller or "somebody")
    if price < least:
        return f"you would be the cheapest, before {name} at {money(least, _WIDTH)}"
    if price == least:
        return f"as cheap as {name}, who is the cheapest"
    return (
        f"{name} stays the cheapest at {money(least, _WIDTH)}, "
        f"{written_change(least - price, _WIDTH)} against you"
    )
