"""
PURE. The planned price of a product at a moment of its period.

A requested rebid changes the price for the rest of a period, so a period may have
several. At a moment the announcement of the greatest revision counts of those that
stand by then. What counts is which announcements there are, never their order.
"""

from datetime import datetime
from decimal import Decimal

from schemas.planning import PlannedPriceAnnounced
from schemas.rows import ZERO


class PlannedPrices:
    """The planned prices of one product in one period."""

    __slots__ = ("_announced",)

    def __init__(self) -> None:
        # (revision, event_id, from when on or None, price), the greatest first. There
        # are as many as rebids in a period, and one.
        self._announced: list[tuple[int, str, datetime | None, Decimal]] = []

    def take(self, event: PlannedPriceAnnounced) -> None:
        """Take an announcement; one that was taken before changes nothing."""
        if any(event.event_id == known[1] for known in self._announced):
            return
        price = ZERO + event.planned_price  # of a value type makes a plain Decimal
        self._announced.append(
            (event.revision, event.event_id, event.stands_from, price)
        )
        self._announced.sort(key=lambda known: known[:2], reverse=True)

    def at(self, moment: datetime) -> Decimal | None:
        """Return the planned price of a unit bought at a moment; None without one."""
        for _, _, stands_from, price in self._announced:
            if stands_from is None or stands_from <= moment:
                return price
        return None

    def all(self) -> tuple[Decimal, ...]:
        """Return all of them, the one announced last first."""
        return tuple(price for *_, price in self._announced)

    def newest(self) -> Decimal | None:
        """Return the one announced last; None without any."""
        return self._announced[0][3] if self._announced else None
