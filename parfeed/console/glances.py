"""
PURE. A row of the market as the console glances at it: all but the slices of time.

Thousands of rows change between two frames and a screen shows some twenty, so a row's
windows are skipped when it comes and decoded when the row is shown: 7 us instead of 19.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from schemas.rows import (
    ZERO,
    Bucket,
    Demand,
    Imbalance,
    Planning,
    PriceView,
    Row,
    Supply,
)


class LastHour(Row, frozen=True, kw_only=True):
    """Unplanned purchases of the hour before the row's newest event."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO


class Rolled(Row, frozen=True, kw_only=True):
    """What a glance sees of a row's rolling figures."""

    hour: LastHour = LastHour()


class Glance(Row, frozen=True, kw_only=True):
    """A MarketRow without slices, positions and arrival; the same words."""

    product_id: str
    period: str
    sequence: int = 0
    occurred_at: datetime | None = None
    supply: Supply = Supply()
    demand: Demand = Demand()
    price: PriceView = PriceView()
    imbalance: Imbalance | None = None
    rolling: Rolled = Rolled()
    planning: Planning = Planning()

    @property
    def planned_bought(self) -> Decimal:
        """Units bought under the plan, less what was given back."""
        demand = self.demand
        return demand.planned_purchases.quantity - demand.planned_cancellations.quantity

    @property
    def unplanned_bought(self) -> Decimal:
        """Units bought outside of the plan, less what was given back."""
        demand = self.demand
        return (
            demand.unplanned_purchases.quantity
            - demand.unplanned_cancellations.quantity
        )

    @property
    def bought(self) -> Decimal:
        """Units bought, planned and unplanned, less what was given back."""
        return self.planned_bought + self.unplanned_bought

    @property
    def is_planned_now(self) -> bool:
        """Whether planning goes on: a price is announced, and none stands yet."""
        price = self.price
        return price.planned is None and (
            price.announced is not None or price.indicative is not None
        )

    @property
    def standing_price(self) -> Decimal | None:
        """The planned price; while it is not known, the announced one."""
        price = self.price
        return price.announced if price.planned is None else price.planned


glance: Final = msgspec.json.Decoder(Glance).decode
"""Make a glance of a row's JSON text. Raises msgspec.DecodeError if it is none."""


class _Slices(Row, frozen=True, kw_only=True):
    buckets: tuple[Bucket, ...] = ()


class _Windows(Row, frozen=True, kw_only=True):
    minute: _Slices = _Slices()
    hour: _Slices = _Slices()
    day: _Slices = _Slices()


class _Sliced(Row, frozen=True, kw_only=True):
    occurred_at: datetime | None = None
    rolling: _Windows = _Windows()


_decode_slices = msgspec.json.Decoder(_Sliced).decode


class Window(msgspec.Struct, frozen=True):
    """
    A window that sparklines show.

    Attributes:
        name: `minute`, `hour` or `day`.
        slices: how many it has.
        slice_s: how long each is, in seconds.
    """

    name: str
    slices: int
    slice_s: int


WINDOWS: Final = (
    Window("hour", 12, 300),
    Window("day", 24, 3_600),
    Window("minute", 6, 10),
)
"""As the workers roll them; the first is shown first."""


class Trend(msgspec.Struct, frozen=True):
    """
    Unplanned purchases slice by slice, oldest first.

    Attributes:
        quantities: units of each slice; 0 where nothing was bought.
        prices: what a unit cost on average; None where nothing was bought.
    """

    quantities: Sequence[float]
    prices: Sequence[float | None]


def trend(raw: bytes, window: Window) -> Trend:
    """
    Return what a row's window says, slice by slice.

    Args:
        raw: the row's JSON text.
        window: one of `WINDOWS`.
    """
    row = _decode_slices(raw)
    slices: _Slices = getattr(row.rolling, window.name)
    quantities = [0.0] * window.slices
    prices: list[float | None] = [None] * window.slices
    if row.occurred_at is None or not slices.buckets:
        return Trend(quantities, prices)
    newest = int(row.occurred_at.timestamp()) // window.slice_s
    for bucket in slices.buckets:
        at = window.slices - 1 - (newest - bucket.start // window.slice_s)
        if 0 <= at < window.slices:
            quantities[at] += float(bucket.quantity)
            if bucket.quantity:
                prices[at] = float(bucket.value / bucket.quantity)
    return Trend(quantities, prices)
