"""
PURE. Step 4: how far a plan was off, and the tax that is returned for it.

With P units planned and A bought, e = min(1, |A - P| / P); 1 where nothing was planned
or the product had no planned price. The part e of the board's remaining tax on the
product is returned: to those who bought when A > P, to the companies when A < P, in
proportion to the half of the tax that each bore.
"""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from schemas.rows import ZERO
from schemas.trading import TermsSet
from streams.market.settlement.accounts import TAX
from streams.market.settlement.booking import TAX_RETURNED, Booking, booking
from streams.market.settlement.formula import money, plain
from streams.market.settlement.shares import Shares, positive


class Accuracy(NamedTuple):
    """
    Attributes:
        planned: P; actual: A, in units.
        error: e.
        formula: of the error.
    """

    planned: Decimal
    actual: Decimal
    error: Fraction
    formula: str

    @property
    def error_percent(self) -> Decimal:
        """The error in percent, to two decimal places, ties to even."""
        return Decimal(round(self.error * 10_000)).scaleb(-2)


def accuracy(planned: Decimal, actual: Decimal, *, has_price: bool) -> Accuracy:
    """
    Compare a plan with what was bought.

    Args:
        planned: P, units of the plan lines that count.
        actual: A, units bought less those given back.
        has_price: whether the product had a planned price.
    """
    off = abs(actual - planned)
    if not has_price or planned <= 0 or off >= planned:
        return Accuracy(planned, actual, Fraction(1), "1")
    error = Fraction(off) / Fraction(planned)
    more, less = max(actual, planned), min(actual, planned)
    return Accuracy(
        planned,
        actual,
        error,
        f"({plain(more)} - {plain(less)}) / {plain(planned)}",
    )


def tax_returned(
    how_far: Accuracy, tax: Decimal, shares: Shares, terms: TermsSet
) -> Booking | None:
    """
    Book step 4.

    Args:
        how_far: the plan was off.
        tax: what the board has left of its tax on the product.
        shares: of the parties.
        terms: of trade.

    Returns:
        None if nothing is returned.
    """
    if tax <= 0 or not how_far.error or how_far.actual == how_far.planned:
        return None
    decimals = terms.decimals
    weights = positive(
        shares.tax_of_buyers
        if how_far.actual > how_far.planned
        else shares.tax_of_sellers
    )
    if not weights:
        return None
    whole = sum(weights.values(), ZERO)
    amount = how_far.error * Fraction(tax)
    per_weight = amount / Fraction(whole)
    text, of = f"{how_far.formula} * {money(tax, decimals)}", money(whole, decimals)
    sides: dict[str, tuple[Fraction, str]] = {
        name: (
            per_weight * Fraction(weight),
            f"{text} * {money(weight, decimals)} / {of}",
        )
        for name, weight in weights.items()
    }
    sides[TAX] = (-amount, f"-{text}")
    return booking(
        TAX_RETURNED,
        f"P = {plain(how_far.planned)}, A = {plain(how_far.actual)}, "
        f"e = {how_far.formula}, tax left {money(tax, decimals)}",
        sides,
        decimals,
    )
