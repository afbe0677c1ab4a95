"""
PURE. What companies ask outside of the plan: rank among sellers, and the tax in it.

The feed's channel `offers` says what a unit costs its buyer either way; the tax rates
follow from that, so that the console reckons with the board's own.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from parfeed.console.economics import Taxes
from schemas.trading_rows import OfferRow

_NONE: Mapping[str, OfferRow] = {}


class Rank(NamedTuple):
    """
    A price among those of the sellers of a product.

    Attributes:
        rank: 1 for the least price; sellers of one price share it.
        sellers: how many there are, with this one.
        cheapest: the cheapest of the others, and its price; None if there is none.
    """

    rank: int
    sellers: int
    cheapest: tuple[str, Decimal] | None


class Offers:
    """The offers of one period, by product and company."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, OfferRow]] = {}
        self._taxes: Taxes | None = None

    def begin(self) -> None:
        """Forget all offers: a snapshot follows."""
        self._of.clear()

    def take(self, rows: Iterable[OfferRow]) -> None:
        """Take offers that are new or have changed."""
        for row in rows:
            self._of.setdefault(row.product_id, {})[row.company_id] = row
            if (taxes := taxes_in(row)) is not None:
                self._taxes = taxes

    @property
    def taxes(self) -> Taxes | None:
        """The rates that the newest offer was reckoned with; None before any."""
        return self._taxes

    def of(self, product_id: str) -> Mapping[str, OfferRow]:
        """Return a product's offers by company."""
        return self._of.get(product_id, _NONE)

    def own(self, product_id: str, company_id: str | None) -> OfferRow | None:
        """Return a company's offer of a product."""
        return None if company_id is None else self.of(product_id).get(company_id)

    def rank_at(self, product_id: str, company_id: str, price: Decimal) -> Rank | None:
        """
        Return the rank that a company's price would have; None if nobody is known to
        offer the product.
        """
        offers = self.of(product_id)
        if not offers:
            return None
        others = sorted(
            (offer.unplanned_price, name)
            for name, offer in offers.items()
            if name != company_id
        )
        cheaper = sum(1 for asked, _ in others if asked < price)
        cheapest = (others[0][1], others[0][0]) if others else None
        return Rank(cheaper + 1, len(others) + 1, cheapest)


def taxes_in(row: OfferRow) -> Taxes | None:
    """Return the tax rates that an offer was reckoned with; None if it does not say."""
    p, u = row.planned_price, row.unplanned_price
    if not p or not u or row.planned_cost is None or row.unplanned_cost is None:
        return None
    return Taxes(
        planned=2 * (row.planned_cost / p - 1),
        unplanned=2 * (row.unplanned_cost / u - 1),
    )
