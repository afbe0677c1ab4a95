"""PURE. What a bid adds to: a product's supply, imbalance and prices, in one line."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from parfeed.cli.numbers import money, number
from schemas.rows import Imbalance, MarketRow
from streams.market.imbalance import imbalance_of

_WIDTH = 16
_RATIO = Context(prec=80, rounding=ROUND_HALF_EVEN)
_CENT = Decimal("0.01")


def percent(imbalance: Imbalance | None) -> str:
    """Return an imbalance with its sign and its colour's word."""
    if imbalance is None:
        return "none yet"
    return f"{imbalance.percent:+.2f}% {imbalance.colour}"


def standing(row: MarketRow) -> str:
    """Return where a product stands: what who types a bid looks at."""
    parts = [
        f"supply {number(row.supply.planned, _WIDTH)}",
        f"demand {number(row.demand.planned, _WIDTH)}",
        f"imbalance {percent(row.imbalance)}",
        *_prices(row),
    ]
    return ", ".join(parts)


def foreseen(row: MarketRow, more: Decimal) -> str:
    """Return where a product would stand with so many units more."""
    supply = row.supply.planned + more
    would = percent(imbalance_of(supply, row.demand.planned))
    return f"with {number(more, _WIDTH)} more: supply {number(supply, _WIDTH)}, {would}"


def effect(before: MarketRow | None, after: MarketRow, own: Decimal) -> str:
    """
    Return what a bid has changed.

    Args:
        before: the row that it came upon; None if there was none.
        after: the row that holds it.
        own: units of the bid that are in the row's supply.
    """
    supply = after.supply.planned
    was = Decimal(0) if before is None else before.supply.planned
    parts = [f"supply {number(was, _WIDTH)} -> {number(supply, _WIDTH)}"]
    parts.append(f"demand {number(after.demand.planned, _WIDTH)}")
    imbalance = f"imbalance {percent(after.imbalance)}"
    if before is not None and before.imbalance is not None:
        imbalance += f" (was {before.imbalance.percent:+.2f}%)"
    parts.append(imbalance)
    if own and supply:
        share = _RATIO.divide(100 * own, supply).quantize(_CENT, context=_RATIO)
        parts.append(f"yours {number(own, _WIDTH)}, {share}% of supply")
    return ", ".join([*parts, *_prices(after)])


def _prices(row: MarketRow) -> list[str]:
    price = row.price
    parts = []
    if price.planned is not None:
        parts.append(f"planned price {money(price.planned, _WIDTH)}")
    elif price.announced is not None:
        parts.append(f"announced {money(price.announced, _WIDTH)}")
    if price.indicative is not None:
        parts.append(f"indicative {money(price.indicative, _WIDTH)}")
    return parts
