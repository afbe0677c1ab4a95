"""
PURE. What a demo adds up to: read from the feed's rows, not from the source.

The law that `parfeed demo --json` is checked by: every row read and every event derived
is folded into a row or refused with a reason, so `events` = `folded` + all `rejected`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import msgspec

from schemas.rows import ZERO, MarketRow
from schemas.values import EXACT

if TYPE_CHECKING:
    from parfeed.demo.planning_record import PlanningRecord
    from parfeed.replay.record import Record


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        events: rows read of the replayed weeks, and events derived from them. What
            the first week was planned with is no part of it, here and below.
        folded: the sum of the rows' `sequence`.
        rejected: what became no part of a row, by reason: by the source, by the feed
            when it was handed in, by a worker.
        products: how many different ones the rows are of.
        purchased_quantity, purchased_value: of all purchases, before cancellations.
        cancelled_quantity: given back.
        seconds: from the first event handed in until all were in the feed's rows.
    """

    events: int
    folded: int
    rejected: dict[str, int]
    products: int
    purchased_quantity: str
    purchased_value: str
    cancelled_quantity: str
    seconds: float

    @property
    def missing(self) -> int:
        """How many events are neither folded nor rejected; below 0: too many are."""
        return self.events - self.folded - sum(self.rejected.values())


def totals_of(
    record: "Record",
    rows: Iterable[MarketRow],
    refused_by_workers: Mapping[str, int],
    planning: "PlanningRecord | None" = None,
) -> Totals:
    """
    Add up a replay.

    Args:
        record: of the replay.
        rows: all rows of the feed.
        refused_by_workers: the `rejected` topic's records by code, without those that
            were only sent twice.
        planning: what was done before the replay: its events in rows are taken off.
    """
    folded = 0 if planning is None else -planning.folded
    products = set()
    purchased = value = cancelled = ZERO
    with localcontext(EXACT):
        for row in rows:
            folded += row.sequence
            products.add(row.product_id)
            demand = row.demand
            for bought in (demand.planned_purchases, demand.unplanned_purchases):
                purchased += bought.quantity
                value += bought.value
            cancelled += demand.planned_cancellations.quantity
            cancelled += demand.unplanned_cancellations.quantity
    rejected = (
        Counter(record.dirt) + Counter(record.refused) + Counter(refused_by_workers)
    )
    return Totals(
        events=record.items,
        folded=folded,
        rejected=dict(sorted(rejected.items())),
        products=len(products),
        purchased_quantity=plain(purchased),
        purchased_value=plain(value),
        cancelled_quantity=plain(cancelled),
        seconds=round(record.seconds, 3),
    )


def plain(value: Decimal) -> str:
    """Write a decimal exactly, without exponent and without idle zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
