"""
PURE. Whether purchases outrun the plan, and the alerts that say so.

    pace = 100 (units bought / planned units) / (part of the period that is gone)

in percent: at 100 the plan is used up when the period ends. The part that is gone is
measured at the newest event of the product, never at a clock.

An alert is raised at its threshold and passes once the figure is a tenth below it: a
figure that moves about the threshold does not flap. Before a twentieth of the period is
gone there is no pace: a single purchase in the first minute would be hundreds of
percent (both our choice).
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from streams.market.trading.period import Span
from streams.market.trading.product import TradedProduct

LEAST_GONE: Final = Decimal("0.05")
"""Part of the period before which there is no pace: 8.4 hours of a week, three minutes
of an hour."""

PASSES_AT: Final = Decimal("0.9")
"""Of the threshold: below it an alert that stands passes."""

DEVIATION_PERCENT: Final = Decimal(20)
"""So much more bought than planned raises an alert: from there on an imbalance is red,
and a fifth of the board's tax will be given back."""

_HUNDRED: Final = Decimal(100)
_PERCENT: Final = Decimal("0.01")
# A quotient of two exact sums, rounded once, to hundredths of a percent.
_RATIO: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)


def pace_of(product: TradedProduct, span: Span) -> Decimal | None:
    """
    Return the pace in percent, with two decimal places.

    Returns:
        None if nothing is planned or too little of the period is gone.
    """
    if product.newest is None or product.planned <= 0:
        return None
    gone = span.gone_at(product.newest)
    if gone < LEAST_GONE * span.length:
        return None
    return _percent(product.bought * span.length, product.planned * gone)


def deviation_of(product: TradedProduct) -> Decimal | None:
    """Return by how many percent purchases exceed the plan; None if they do not."""
    if not 0 < product.planned < product.bought:
        return None
    return _percent(product.bought - product.planned, product.planned)


def stands(value: Decimal | None, threshold: Decimal, *, stood: bool) -> bool:
    """
    Tell whether an alert stands.

    Args:
        value: what is measured; None if it cannot be.
        threshold: from where on it is raised.
        stood: whether it stood before.
    """
    if value is None:
        return False
    return value >= (threshold * PASSES_AT if stood else threshold)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    quotient = _RATIO.divide(_RATIO.multiply(_HUNDRED, part), whole)
    return quotient.quantize(_PERCENT, context=_RATIO)
