"""Lines of a shop's file, and what they are mapped to."""

from collections.abc import Iterable
from typing import TypeVar

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.retail import map_retail
from schemas.events import (
    Event,
)

Kind = TypeVar("Kind")

HEADER = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"

MONDAYS = ("2011-07-11", "2011-07-18", "2011-07-25", "2011-08-01", "2011-08-08")
"""Of 2011-W28 to W32."""


def a_line(
    quantity: int | str = 6,
    *,
    invoice: str = "536365",
    code: str = "85123A",
    time: str = "2011-08-08 08:26:00",
    price: str = "2.55",
    customer: str = "17850",
) -> str:
    return f"{invoice},{code},{quantity},{time},{price},{customer}\n"


def in_week(index: int, quantity: int, **cells: str) -> str:
    """Make a line of the week `index` after W28; those of W32 are replayed."""
    return a_line(quantity, time=f"{MONDAYS[index]} 10:00:00", **cells)


def a_cancellation(quantity: int, **cells: str) -> str:
    return a_line(-quantity, invoice="C536379", **cells)


def mapped(
    lines: Iterable[str], first_week: str | None = None
) -> list[Event | RefusedRow]:
    return list(map_retail([HEADER, *lines], first_week))


def of_kind(kind: type[Kind], items: Iterable[object]) -> list[Kind]:
    return [item for item in items if isinstance(item, kind)]


def refusals(items: Iterable[object]) -> list[str]:
    return [refused.reason for refused in of_kind(RefusedRow, items)]
