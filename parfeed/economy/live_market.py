"""
PURE. What the feed's rows say of a round: whether it is announced, answered, decided.

Quantities are an economy's units here; on the wire they are parts of them
(answer_events.py).
"""

from collections.abc import Iterable, Sequence

import numpy as np

from parfeed.economy.answer_events import PARTS_PER_UNIT
from schemas.rows import MarketRow
from streams.market.answers import Floats


class LiveMarket:
    """
    The newest row of each product of one period.

    Args:
        products: their names, in the economy's order.
    """

    def __init__(self, products: Sequence[str]) -> None:
        self._number = {name: number for number, name in enumerate(products)}
        self._rows: list[MarketRow | None] = [None] * len(products)

    def note(self, rows: Iterable[MarketRow]) -> None:
        """Take in rows that changed; those of other products are passed over."""
        for row in rows:
            number = self._number.get(row.product_id)
            if number is not None:
                self._rows[number] = row

    @property
    def is_planned(self) -> bool:
        """Whether every product has its planned price."""
        return all(row and row.price.planned is not None for row in self._rows)

    def announced(self, round_: int) -> int:
        """Return how many products have a price of that round, or of a later one."""
        return sum(
            row is not None
            and row.price.announced is not None
            and row.planning.round >= round_
            for row in self._rows
        )

    def prices(self) -> Floats:
        """Return the announced prices; all must have one."""
        return np.array([float(row.price.announced or 0) for row in self._known()])

    def planned_prices(self) -> Floats:
        """Return the planned prices; all must have one."""
        return np.array([float(row.price.planned or 0) for row in self._known()])

    def sums(self) -> tuple[Floats, Floats]:
        """Return planned supply and demand by product, in units."""
        rows = self._known()
        return (
            np.array([float(row.supply.planned / PARTS_PER_UNIT) for row in rows]),
            np.array([float(row.demand.planned / PARTS_PER_UNIT) for row in rows]),
        )

    def folded(self, offsets: Sequence[int]) -> int:
        """
        Return how many products' rows hold the bids up to an offset.

        Args:
            offsets: by product, in `bids`; -1 where there are none.
        """
        return sum(
            row is not None and row.positions.get("bids", -1) >= offset
            for row, offset in zip(self._rows, offsets, strict=True)
        )

    def forecast_percent(self) -> float | None:
        """Return the greatest imbalance that the board expected; None before any."""
        said = [
            abs(float(row.planning.forecast_percent))
            for row in self._rows
            if row is not None and row.planning.forecast_percent is not None
        ]
        return max(said, default=None)

    # Private

    def _known(self) -> list[MarketRow]:
        known = [row for row in self._rows if row is not None]
        if len(known) != len(self._rows):
            raise AssertionError("asked for figures of products without a row")
        return known
