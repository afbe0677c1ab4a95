"""
PURE. Which purchase a cancellation takes back.

The file does not say. A cancellation is matched to the latest earlier purchase of the
same customer, product and price of which enough units are left, so that never more is
given back than was bought. Units beyond the plan are given back first: what a consumer
planned is kept longest.
"""

from collections import deque
from typing import Final

import msgspec

from parfeed.sources.reading import RetailRow

REMEMBERED_PURCHASES: Final = 200_000
"""Newest purchases that a cancellation can find: half a year of the data set's shop.
Some 30 MB; all 400,000 would find 2 % more of the purchases that can be found."""


class Cancelled(msgspec.Struct, frozen=True):
    """
    What a cancellation takes back.

    Attributes:
        event_id: of the purchase.
        week: in which the purchase was made.
        planned_quarters: quarter units of the cancelled ones that fulfilled a plan.
    """

    event_id: str
    week: int
    planned_quarters: int


class Purchases:
    """The newest purchases by known customers, and what is left of each."""

    def __init__(self, limit: int = REMEMBERED_PURCHASES) -> None:
        self._limit = limit
        self._order: deque[_Key] = deque()
        # By far most lists hold one purchase, so their ends are as good as a deque's.
        self._left: dict[_Key, list[_Left]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def add(
        self, row: RetailRow, event_id: str, week: int, planned_quarters: int
    ) -> None:
        """Remember a purchase; beyond the limit the oldest one is forgotten."""
        if row.consumer_id is None:
            return
        key = _key(row)
        self._order.append(key)
        self._left.setdefault(key, []).append(
            _Left(event_id, week, row.quantity, planned_quarters)
        )
        if len(self._order) > self._limit:
            oldest = self._order.popleft()
            same = self._left[oldest]
            del same[0]
            if not same:
                del self._left[oldest]

    def take_back(self, row: RetailRow) -> Cancelled | None:
        """
        Take a cancellation's units from the purchase that it cancels.

        Returns:
            What was taken back; None where no purchase fits or the customer is not
            known.
        """
        units = -row.quantity
        for left in reversed(self._left.get(_key(row), ())):
            if left.units >= units:
                unplanned = 4 * left.units - left.planned_quarters
                planned = max(0, 4 * units - unplanned)
                left.units -= units
                left.planned_quarters -= planned
                return Cancelled(left.event_id, left.week, planned)
        return None


class _Left(msgspec.Struct, gc=False):
    event_id: str
    week: int
    units: int
    planned_quarters: int


# Prices are compared as numbers: 2.5 and 2.50 are one price.
_Key = tuple[str | None, str, object]


def _key(row: RetailRow) -> _Key:
    return row.consumer_id, row.code, row.unit_price
