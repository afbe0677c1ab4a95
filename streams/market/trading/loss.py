"""
PURE. What a unit costs with tax, and what buying it outside of the plan loses.

    planned      p (1 + a/2)
    unplanned    u (1 + b/2)
    loss         u (1 + b/2) - p (1 + a/2)        below zero it is a saving

The buyer's half of the tax is in it, the seller's is not. Source: docs/economics.md,
Trading. Nothing is rounded: who calls has set `schemas.values.EXACT`, or does with
amounts that fit the context that stands.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from schemas.trading import TermsSet
from schemas.values import EXACT

_HALF: Final = Decimal("0.5")
_ONE: Final = Decimal(1)


class Rates(NamedTuple):
    """
    What a buyer pays per unit of money, tax included.

    Attributes:
        planned: 1 + a/2.
        unplanned: 1 + b/2.
    """

    planned: Decimal
    unplanned: Decimal


def rates_of(terms: TermsSet) -> Rates:
    """Return the rates that follow from a period's terms."""
    return Rates(_with_half(terms.planned_tax), _with_half(terms.unplanned_tax))


def cost_planned(planned_price: Decimal, terms: TermsSet) -> Decimal:
    """Return what a planned unit costs its buyer, tax included."""
    return EXACT.multiply(planned_price, rates_of(terms).planned)


def cost_unplanned(unplanned_price: Decimal, terms: TermsSet) -> Decimal:
    """Return what an unplanned unit costs its buyer, tax included."""
    return EXACT.multiply(unplanned_price, rates_of(terms).unplanned)


def loss_of_unit(
    unplanned_price: Decimal, planned_price: Decimal, terms: TermsSet
) -> Decimal:
    """Return what an unplanned unit loses against the plan; a saving below zero."""
    return EXACT.subtract(
        cost_unplanned(unplanned_price, terms), cost_planned(planned_price, terms)
    )


def _with_half(tax: Decimal) -> Decimal:
    return EXACT.add(_ONE, EXACT.multiply(tax, _HALF))
