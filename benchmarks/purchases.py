"""
PURE. The purchases that the benchmarks send: seeded, valid, and all their totals known.

Every event is a whole `purchase` of schemas/events.py of some 218 bytes, written by a
template (2 us) rather than through structs (5 us), so that making them does not get
in the way of what is measured. tests/unit/test_benchmarks.py holds the template to the
codec.

What they are like:
- 4,000 products, drawn evenly, or with a heavy tail: by Zipf's law the k-th product is
  drawn in proportion to 1/k, so the first makes 11 % of all sales, the first hundred
  58 %. Evenly is the harder case for a worker: it changes the most rows per batch.
- Half of the sales are planned, four of ten unplanned, one of ten in part. A planned
  unit costs its product's planned price, an unplanned one what one of three companies
  asks: 16,000 different prices at most, as a market has them, not one per sale.
- 1 to 12 units, 20,000 consumers.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple, get_args

Draw = Literal["even", "zipf"]
DRAWS: Final[tuple[Draw, ...]] = get_args(Draw)

PRODUCTS: Final = 4_000

SEED: Final = 7
"""Any number will do; all runs of one command use the same."""

_CONSUMERS: Final = 20_000
_GREATEST_QUANTITY: Final = 12
# Products are drawn in lots: one call for a thousand costs a third of a thousand calls.
_LOT: Final = 1_024

_EVENT: Final = (
    b'{"type":"purchase","event_id":"%b-%08d","product_id":"%b",'
    b'"occurred_at":"%b.%03dZ","company_id":"shop-%03d","quantity":"%d",'
    b'"unit_price":"%d.%02d","planned_quantity":"%d","consumer_id":"c%05d"}'
)


class Totals(NamedTuple):
    """What all events made so far add up to."""

    events: int
    planned_quantity: Decimal
    planned_value: Decimal
    unplanned_quantity: Decimal
    unplanned_value: Decimal


class _Offer(NamedTuple):
    # What a company asks for a product, in cents.
    company: int
    cents: int


class _Product(NamedTuple):
    product_id: bytes
    planned_cents: int
    offers: tuple[_Offer, ...]


class Purchases:
    """
    An endless stream of purchases, the same for the same arguments.

    Args:
        draw: how products are drawn.
        seed: of the random numbers; also a part of the events' ids.
        products: how many products there are.
    """

    def __init__(self, draw: Draw, seed: int = SEED, products: int = PRODUCTS) -> None:
        self._random = random.Random(seed)
        self._products = [self._make(number) for number in range(products)]
        self._cumulative: list[float] | None = None
        if draw == "zipf":
            total = 0.0
            self._cumulative = [
                total := total + 1 / rank for rank in range(1, products + 1)
            ]
        self._numbers = range(products)
        self._prefix = f"{seed:x}".encode()
        self._made = 0
        self._lot: list[int] = []
        self._planned = self._planned_cents = 0
        self._unplanned = self._unplanned_cents = 0

    @property
    def product_ids(self) -> list[str]:
        """The products' ids, by the numbers that `take` gives."""
        return [product.product_id.decode() for product in self._products]

    @property
    def totals(self) -> Totals:
        """What the events made so far add up to."""
        return Totals(
            self._made,
            Decimal(self._planned),
            Decimal(self._planned_cents).scaleb(-2),
            Decimal(self._unplanned),
            Decimal(self._unplanned_cents).scaleb(-2),
        )

    def take(
        self, count: int, begin: datetime, per_second: float
    ) -> Iterator[tuple[int, bytes]]:
        """
        Make the next events.

        Args:
            count: how many.
            begin: when the first of them happened, in UTC.
            per_second: how fast event time moves.

        Yields:
            The product's number and the event's JSON.
        """
        products, bits = self._products, self._random.getrandbits
        step_ms = 1_000 / per_second
        second, prefix = -1, b""
        for index in range(count):
            if not self._lot:
                self._lot = self._random.choices(
                    self._numbers, cum_weights=self._cumulative, k=_LOT
                )
            number = self._lot.pop()
            millis = begin.microsecond // 1_000 + int(index * step_ms)
            if millis // 1_000 != second:
                second = millis // 1_000
                moment = begin.replace(microsecond=0) + timedelta(seconds=second)
                prefix = moment.strftime("%Y-%m-%dT%H:%M:%S").encode()
            product = products[number]
            # One draw of 64 bits serves four choices; what they share does not show.
            drawn = bits(64)
            quantity = 1 + (drawn & 0xFFFF) % _GREATEST_QUANTITY
            consumer = (drawn >> 16 & 0xFFFFFF) % _CONSUMERS
            offer = product.offers[(drawn >> 40 & 0xFF) % 3]
            kind = (drawn >> 48) % 10
            if kind < 5:
                planned, cents = quantity, product.planned_cents
            elif kind < 9:
                planned, cents = 0, offer.cents
            else:
                planned, cents = quantity // 2, product.planned_cents
            self._planned += planned
            self._planned_cents += planned * cents
            self._unplanned += quantity - planned
            self._unplanned_cents += (quantity - planned) * cents
            event = _EVENT % (
                self._prefix,
                self._made,
                product.product_id,
                prefix,
                millis % 1_000,
                offer.company,
                quantity,
                cents // 100,
                cents % 100,
                planned,
                consumer,
            )
            self._made += 1
            yield number, event

    def _make(self, number: int) -> _Product:
        draw = self._random.randrange
        planned_cents = draw(29, 5_000)
        return _Product(
            b"product-%04d" % number,
            planned_cents,
            tuple(
                _Offer(draw(200), planned_cents * draw(80, 131) // 100)
                for _ in range(3)
            ),
        )
