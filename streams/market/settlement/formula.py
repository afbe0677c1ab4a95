"""
PURE. How figures are written in formulas: one way for one number.

Senders write 10 and 10.00 for the same price; which of them came first must not show.
A formula of a statement's line is arithmetic that anybody can compute: what it comes to
lies less than one smallest unit from the line's amount.
"""

from decimal import Decimal


def plain(value: Decimal) -> str:
    """Write a number without needless zeros: a quantity, a rate."""
    return _signed(f"{value.normalize():f}")


def money(value: Decimal, decimals: int) -> str:
    """Write an amount or a price: exactly, with the currency's decimals at least."""
    text = f"{value.normalize():f}"
    places = len(text.partition(".")[2])
    return _signed(text if places >= decimals else f"{value:.{decimals}f}")


def tidy(value: Decimal, decimals: int = 0) -> Decimal:
    """Return a number as it is written in a row: one form for one number."""
    least = value.normalize()
    exponent = least.as_tuple().exponent
    if isinstance(exponent, int) and exponent <= -decimals:
        return least
    return least.quantize(Decimal(1).scaleb(-decimals))


def _signed(text: str) -> str:
    # So that a minus sign never follows on another.
    return f"({text})" if text.startswith("-") else text
