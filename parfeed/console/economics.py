"""
PURE. The figures that the console works out itself, by the words of docs/economics.md.

Exact where money is concerned. What a row of the feed already says is not computed
again here.
"""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import msgspec

from parfeed.console.glances import Glance
from schemas.values import Period

_CENT: Final = Decimal("0.01")
_RATIO: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)

EARLIEST_SHARE: Final = 0.02
"""Of a period that must be gone before there is a pace: 3 hours of a week. Before that
one sale decides it."""


class Taxes(msgspec.Struct, frozen=True, kw_only=True):
    """
    Sales tax, half of it on the buyer (docs/economics.md, Trading).

    Attributes:
        planned: a, on planned purchases.
        unplanned: b, on unplanned ones.
    """

    planned: Decimal = Decimal("0.05")
    unplanned: Decimal = Decimal("0.15")

    def planned_cost(self, price: Decimal) -> Decimal:
        """Return what a planned unit costs its buyer: p (1 + a/2)."""
        return price * (1 + self.planned / 2)

    def unplanned_cost(self, price: Decimal) -> Decimal:
        """Return what an unplanned unit costs its buyer: u (1 + b/2)."""
        return price * (1 + self.unplanned / 2)

    def loss(self, unplanned_price: Decimal, planned_price: Decimal) -> Decimal:
        """Return what buying a unit unplanned loses; below 0 it saves."""
        return self.unplanned_cost(unplanned_price) - self.planned_cost(planned_price)

    def planned_income(self, price: Decimal) -> Decimal:
        """Return what a company gets for a planned unit: p (1 - a/2)."""
        return price * (1 - self.planned / 2)


def cents(value: Decimal) -> Decimal:
    """Round money for a screen."""
    return value.quantize(_CENT, context=_RATIO)


def bounds(period: str) -> tuple[datetime, datetime]:
    """
    Return when a period begins and when it ends.

    Raises:
        InvalidValue: if it is no period.
    """
    text = Period(period)
    if "W" in text:
        begin = datetime.fromisocalendar(int(text[:4]), int(text[6:]), 1)
        length = timedelta(weeks=1)
    else:
        begin = datetime.fromisoformat(text)
        length = timedelta(hours=1) if "T" in text else timedelta(days=1)
    begin = begin.replace(tzinfo=UTC)
    return begin, begin + length


def share_gone(period: str, at: datetime | None) -> float:
    """Return how much of a period is over at a moment, from 0 to 1."""
    if at is None:
        return 0.0
    begin, end = bounds(period)
    return min(1.0, max(0.0, (at - begin) / (end - begin)))


def pace(glance: Glance, gone: float) -> float | None:
    """
    Return what was bought against the plan, scaled to how much of the period is gone.

    Args:
        glance: a product.
        gone: share of its period that is over.

    Returns:
        1 for just as planned, 2 for twice as fast; None if nothing is planned or the
        period is too young to tell.
    """
    planned = glance.demand.planned
    if gone < EARLIEST_SHARE or planned <= 0:
        return None
    return float(glance.bought / planned) / gone


def difference_percent(price: Decimal, planned: Decimal) -> float | None:
    """Return how far a price lies from the planned one, in percent of that."""
    if not planned:
        return None
    return float(100 * (price - planned) / abs(planned))
