"""
PURE. What companies ask for a product outside of the plan, over time.

A company's price stands from its time on until the company's next, through later
periods too. Of two prices of one company and one moment the lower one stands (our
choice: in the buyer's favour, and whichever came first).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from schemas.events import UnplannedPricePosted
from schemas.rows import ZERO
from streams.market.trading.period import in_utc


class Ask(NamedTuple):
    """
    What a company asks at a moment.

    Attributes:
        price: for a unit, before tax.
        since: when it asked this very price first, without another one in between.
    """

    price: Decimal
    since: datetime


class Asks:
    """What all companies ask for one product."""

    __slots__ = ("_by_company",)

    def __init__(self) -> None:
        # In the order of their moments, one for each.
        self._by_company: dict[str, list[tuple[datetime, Decimal]]] = {}

    def take(self, event: UnplannedPricePosted) -> bool:
        """Take a price; return whether it was not known before."""
        posted = self._by_company.setdefault(event.company_id, [])
        moment, price = in_utc(event.occurred_at), ZERO + event.unplanned_price
        at = bisect_right(posted, moment, key=_moment_of)
        if at and posted[at - 1][0] == moment:
            if posted[at - 1][1] <= price:
                return False
            posted[at - 1] = (moment, price)
        else:
            posted.insert(at, (moment, price))
        return True

    def companies(self) -> Iterable[str]:
        """Return those that ever asked a price."""
        return self._by_company

    def at(self, company_id: str, moment: datetime) -> Ask | None:
        """Return what a company asks at a moment; None if it has said nothing yet."""
        posted = self._by_company.get(company_id, ())
        return _ask(posted, bisect_right(posted, moment, key=_moment_of))

    def before(self, company_id: str, end: datetime) -> Ask | None:
        """Return what a company asked last before a moment; None for nothing."""
        posted = self._by_company.get(company_id, ())
        at = len(posted)
        while at and posted[at - 1][0] >= end:
            at -= 1
        return _ask(posted, at)

    def forget_before(self, begin: datetime) -> None:
        """Let go of what no moment from `begin` on can be asked of."""
        for company_id, posted in self._by_company.items():
            at = bisect_right(posted, begin, key=_moment_of)
            ask = _ask(posted, at)
            if ask is not None:
                # Kept at the moment since when it stands, so that this stays known.
                self._by_company[company_id] = [(ask.since, ask.price), *posted[at:]]


def _ask(posted: Sequence[tuple[datetime, Decimal]], found: int) -> Ask | None:
    # The last of the first `found`.
    if not found:
        return None
    price = posted[found - 1][1]
    first = found - 1
    while first and posted[first - 1][1] == price:
        first -= 1
    return Ask(price, posted[first][0])


def _moment_of(posted: tuple[datetime, Decimal]) -> datetime:
    return posted[0]
