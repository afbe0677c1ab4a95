"""PURE. A row of the market as one line for people, where there is no live table."""

from parfeed.cli.numbers import money, number, signed
from parfeed.cli.table import plain, purchases
from schemas.rows import MarketRow

_WIDTH = 14


def row_line(row: MarketRow) -> str:
    """Return a row as one line; what is not known is left out."""
    planned, unplanned = purchases(row)
    parts = [
        f"{plain(row.period)} {plain(row.product_id)}",
        f"supply {number(row.supply.planned, _WIDTH)}",
        f"demand {number(row.demand.planned, _WIDTH)}",
    ]
    if row.imbalance is not None:
        parts.append(f"imbalance {row.imbalance.percent:+.1f}% {row.imbalance.colour}")
    parts += [
        f"made {number(row.supply.produced, _WIDTH)}",
        f"bought {number(planned, _WIDTH)} planned",
        f"{number(unplanned, _WIDTH)} unplanned",
    ]
    if row.price.planned is not None:
        parts.append(f"price {money(row.price.planned, _WIDTH)}")
    if row.price.unplanned is not None:
        parts.append(f"unplanned price {money(row.price.unplanned, _WIDTH)}")
    if row.price.difference is not None:
        parts.append(f"difference {signed(row.price.difference, _WIDTH)}")
    return "  ".join(parts)
