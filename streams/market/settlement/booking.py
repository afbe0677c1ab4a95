"""
PURE. A booking: one posting on its way, with a formula for each of its accounts.

Bookings are made product by product; `settling.py` numbers them and makes postings and
the lines of statements of them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from streams.market.settlement.rounding import Exact, rounded

Step = Literal[
    "planned_sale", "unplanned_payment", "unplanned_sale", "adjustment", "tax_returned"
]

PLANNED_SALE: Final = "planned_sale"
UNPLANNED_PAYMENT: Final = "unplanned_payment"
UNPLANNED_SALE: Final = "unplanned_sale"
ADJUSTMENT: Final = "adjustment"
TAX_RETURNED: Final = "tax_returned"


class Side(NamedTuple):
    """
    One side of a booking.

    Attributes:
        amount: rounded; above zero the account gets it.
        formula: what it is, with the figures filled in.
    """

    account: str
    amount: Decimal
    formula: str


class Booking(NamedTuple):
    """
    Attributes:
        formula: the figures that all of its sides share.
        sides: their amounts sum to zero; none is there that nothing moves on.
    """

    step: Step
    formula: str
    sides: tuple[Side, ...]


def booking(
    step: Step,
    formula: str,
    sides: Mapping[str, tuple[Exact, str]],
    decimals: int,
    fixed: Side | None = None,
) -> Booking | None:
    """
    Round the sides of a booking together.

    Args:
        step: of the settlement.
        formula: the figures that its sides share.
        sides: exact amount and formula by account. They sum to zero, or with the exact
            amount of `fixed` do.
        decimals: of the smallest unit.
        fixed: a side whose amount is rounded already.

    Returns:
        None if nothing moves, not even before rounding.
    """
    moved = {name: amount for name, (amount, _) in sides.items() if amount}
    if not moved:
        return None
    total = None if fixed is None else -fixed.amount
    amounts = rounded(moved, decimals, total)
    made = [Side(name, amount, sides[name][1]) for name, amount in amounts.items()]
    if fixed is not None:
        made.insert(0, fixed)
    return Booking(step, formula, tuple(made))
