"""PURE. The products of a period and the prices that planning starts from."""

from typing import Final

import msgspec

from parfeed.planning import cells
from parfeed.planning.said import Said
from parfeed.planning.table import Column, Table
from schemas.agenda import ProductListed
from schemas.values import Period, PositiveQuantity

COLUMNS: Final = (
    Column("product_id", "what is planned", is_needed=True),
    Column("price", "what one unit costs in round 1, above 0", is_needed=True),
)
"""Of a file of products."""


class Listed(msgspec.Struct, frozen=True):
    """
    A product and its start price.

    Attributes:
        line: of the file that it stood in; 0 if it stood in none.
    """

    product_id: str
    start_price: PositiveQuantity
    line: int = 0


def read_products(raw: bytes) -> list[Listed]:
    """
    Read a file of products: CSV or JSON lines with `COLUMNS`.

    Raises:
        UnfitTable: with every line that is unfit.
    """
    table = Table(raw, COLUMNS)
    listed: list[Listed] = []
    seen: dict[str, int] = {}
    for line in table:
        product = line.read("product_id", cells.identifier)
        start_price = line.amount("price", cells.positive)
        if product is None or start_price is None:
            continue
        if (before := seen.setdefault(product, line.number)) != line.number:
            line.fault(f"the same product as line {before}; it has one start price")
        listed.append(Listed(product, start_price, line.number))
    table.check()
    return listed


def listing_events(
    listed: list[Listed], period: Period, said: Said
) -> list[ProductListed]:
    """Return the events that list products, in their order."""
    return [
        ProductListed(
            event_id=said.new_id(),
            occurred_at=said.at,
            product_id=each.product_id,
            period=period,
            start_price=each.start_price,
            revision=said.revision,
        )
        for each in listed
    ]
