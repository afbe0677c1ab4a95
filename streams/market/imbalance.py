"""PURE. How far planned supply and demand lie apart, and its published colour."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from schemas.rows import Colour, Imbalance

_CENT: Final = Decimal("0.01")
_BALANCED: Final = Decimal("0.00")
# A ratio is rounded here and nowhere else; 80 digits hold every sum exactly, so the
# quotient is rounded once, to two places.
_RATIO: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)

# The published limits (ECONOMICS, Planning): |v| below the first is blue, and so on.
_COLOURS: Final[tuple[tuple[int, Colour], ...]] = (
    (3, "blue"),
    (5, "green"),
    (10, "yellow"),
    (20, "orange"),
)


def imbalance_of(supply: Decimal, demand: Decimal) -> Imbalance | None:
    """
    Return v = 2 (S - D) / (S + D) in percent with its colour.

    The colour is that of the percentage as shown, so that 3.00 is never blue.

    Returns:
        None when nothing is planned on either side.
    """
    if not supply and not demand:
        return None
    ratio = _RATIO.divide(
        _RATIO.multiply(200, _RATIO.subtract(supply, demand)),
        _RATIO.add(supply, demand),
    )
    percent = ratio.quantize(_CENT, context=_RATIO) or _BALANCED  # never -0.00
    return Imbalance(percent=percent, colour=colour_of(percent))


def colour_of(percent: Decimal) -> Colour:
    """Return the published colour of an imbalance in percent."""
    for limit, colour in _COLOURS:
        if abs(percent) < limit:
            return colour
    return "red"
