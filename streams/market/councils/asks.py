"""PURE. What a line asks of its councils: units at the announced price."""

from decimal import Decimal
from typing import cast

from schemas.rows import ZERO, Line
from streams.market.terms import Side, answer


def asked(line: Line, price: Decimal | None) -> Decimal:
    """
    Return the units that a bid or plan line asks for, whether it counts or not.

    A line's own `amount` is what counts, 0 while it waits; a council must see what is
    asked. A joint bid asks for nothing until all its members have confirmed it, and a
    line that was withdrawn for nothing at any price.

    Args:
        line: a bid or plan line.
        price: announced; None before the first.
    """
    terms = line.terms
    if terms is None:
        return line.quantity
    if not line.quantity or not set(terms.members) <= set(terms.confirmed):
        return ZERO
    return answer(line.quantity, terms, cast("Side", line.kind), price)
