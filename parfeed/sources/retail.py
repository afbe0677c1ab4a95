"""
PURE. A shop's rows to events, with the plans, bids and prices derived from them.

Rules:
- Every row of a replayed week becomes one purchase, one cancellation or one refusal.
- The same rows make the same events, byte for byte; an event's id is made of its
  row's number in the full file, so parts of a file and the whole count once.
- What a week's derived events say is known when the week begins: they come before its
  first row, even where the week has none.
- Derived events are `plan`, `bid`, `planned_price`, `production` and `price`; only
  `purchase` and `cancellation` are the shop's own.

docs/retail.md describes each choice; the words are those of docs/economics.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from parfeed.sources.cancelling import Purchases
from parfeed.sources.dirt import RefusedRow, kind_of
from parfeed.sources.history import (
    HISTORY_WEEKS,
    History,
    monday_of,
    quarters,
    week_of,
)
from parfeed.sources.reading import RetailRow, read_rows
from schemas.errors import InvalidValue
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted
from schemas.values import Period, PositiveQuantity, Price
from streams.market.periods import Calendar

DEFAULT_NAME: Final = "retail"
"""What event ids begin with."""

MAX_NAME: Final = 8
"""Characters of such a name; see MAX_IDENTIFIER in reading.py for the sum."""

PLANNING_TIME: Final = timedelta(hours=3)
"""Before a week begins, its planned prices, bids and plan lines come spread over this
time: late on Sunday, after the shop's last sale and before its next."""

_TICK: Final = timedelta(microseconds=1)


def map_retail(
    lines: Iterable[str],
    first_week: str | None = None,
    name: str = DEFAULT_NAME,
    planned_week: str | None = None,
) -> Iterator[Event | RefusedRow]:
    """
    Map a file's lines to events and refusals, in its order.

    Args:
        lines: of the CSV file, the header first.
        first_week: the first ISO week to replay, such as `2011-W32`; what lies before
            is history for its plans. None replays the whole file.
        name: what event ids begin with: files with rows of their own need their own.
        planned_week: the week whose planning the board has done (planned_week.py): no
            bid, plan line or planned price of it is derived here.

    Raises:
        UnknownLayout: if the header lacks a column.
        InvalidValue: if a week or `name` cannot be one.
    """
    return RetailMapping(first_week, name, planned_week).map(read_rows(lines))


def company_of(code: str) -> str:
    """Return the company that makes a product, derived from its stock code."""
    # The first two characters are a range of goods: 46 in the data set.
    return f"company-{code[:2].upper()}"


class RetailMapping:
    """What has to be remembered from row to row."""

    def __init__(
        self,
        first_week: str | None = None,
        name: str = DEFAULT_NAME,
        planned_week: str | None = None,
    ) -> None:
        if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
            raise InvalidValue(f"a name of 1 to {MAX_NAME} printable characters", name)
        self._name = name
        self._first = None if first_week is None else week_named(first_week)
        self._planned = None if planned_week is None else week_named(planned_week)
        self._calendar = Calendar("week")
        self._history = History()
        self._purchases = Purchases()
        # The week that runs, and the first one of the file; None before any row.
        self._week: int | None = None
        self._began: int | None = None
        # Of the running week, in quarter units: what is left of each plan line, and
        # what was made of each product beyond what is sold.
        self._plan_left: dict[tuple[str, str], int] = {}
        self._in_stock: Counter[str] = Counter()
        # The price that each company asks, and since when.
        self._asked: dict[str, tuple[Price, datetime]] = {}

    def map(
        self, rows: Iterable[RetailRow | RefusedRow]
    ) -> Iterator[Event | RefusedRow]:
        """Yield each row's events or refusal, after what its week begins with."""
        for row in rows:
            if isinstance(row, RefusedRow):
                if self._is_replayed(self._week):
                    yield row
                continue
            week = week_of(row.occurred_at)
            if self._week is None:
                self._began = self._week = week
            while self._week < week:
                self._week += 1
                yield from self._begin(self._week)
            yield from self._map_row(row, week)

    def _is_replayed(self, week: int | None) -> bool:
        return self._first is None or (week is not None and week >= self._first)

    # What a week begins with

    def _begin(self, week: int) -> Iterator[Event]:
        self._history.forget_before(week)
        self._plan_left.clear()
        self._in_stock.clear()
        if self._began is None or week < self._began + HISTORY_WEEKS:
            return
        if not self._is_replayed(week):
            return
        monday = monday_of(week)
        period = self._calendar[int(monday.timestamp()) // self._calendar.slice_s]
        prices = list(self._history.planned_prices(week))
        bids = list(self._history.bids(week))
        plans = list(self._history.plans(week))
        for consumer_id, code, count in plans:
            self._plan_left[consumer_id, code] = count
        if week != self._planned:
            yield from self._plan(monday, period, prices, bids, plans)
        for code, count in bids:
            self._in_stock[code] = count
            yield self._made(f"{period}:{code}", code, monday, count)

    def _plan(
        self,
        monday: datetime,
        period: Period,
        prices: list[tuple[str, Price]],
        bids: list[tuple[str, int]],
        plans: list[tuple[str, str, int]],
    ) -> Iterator[Event]:
        times = spread(monday - PLANNING_TIME, len(prices) + len(bids) + len(plans))
        name = self._name
        for code, price in prices:
            yield PlannedPriceAnnounced(
                event_id=f"{name}:planned-price:{period}:{code}",
                product_id=code,
                occurred_at=next(times),
                period=period,
                planned_price=price,
                reason="derived: median unit price of the four weeks before",
            )
        for code, count in bids:
            yield BidPlaced(
                event_id=f"{name}:bid:{period}:{code}",
                product_id=code,
                occurred_at=next(times),
                company_id=company_of(code),
                period=period,
                quantity=quarters(count),
            )
        for consumer_id, code, count in plans:
            yield PlanSubmitted(
                event_id=f"{name}:plan:{period}:{consumer_id}:{code}",
                product_id=code,
                occurred_at=next(times),
                consumer_id=consumer_id,
                period=period,
                quantity=quarters(count),
            )

    # What a row becomes

    def _map_row(self, row: RetailRow, week: int) -> Iterator[Event | RefusedRow]:
        kind = kind_of(row.invoice, row.code, row.quantity, row.unit_price > 0)
        if kind in ("purchase", "cancellation"):
            self._history.add(week, row)
        if not self._is_replayed(week):
            return
        if kind == "purchase":
            yield from self._sell(row, week)
        elif kind == "cancellation":
            yield self._cancel(row, week)
        else:
            yield RefusedRow(reason=kind, row=row.row)

    def _sell(self, row: RetailRow, week: int) -> Iterator[Event]:
        event_id = f"{self._name}:{row.row:07}"
        company_id = company_of(row.code)
        sold = 4 * row.quantity
        # A row that comes after its week has ended fulfils no plan of another.
        runs = week == self._week
        if runs:
            short = sold - self._in_stock[row.code]
            self._in_stock[row.code] = max(0, -short)
            if short > 0:
                yield self._made(f"{row.row:07}", row.code, row.occurred_at, short)
        yield from self._ask(row, company_id)
        planned = 0
        if runs and row.consumer_id is not None:
            left = self._plan_left.get((row.consumer_id, row.code), 0)
            planned = min(left, sold)
            if planned:
                self._plan_left[row.consumer_id, row.code] = left - planned
        self._purchases.add(row, event_id, week, planned)
        yield PurchaseRecorded(
            event_id=event_id,
            product_id=row.code,
            occurred_at=row.occurred_at,
            company_id=company_id,
            quantity=PositiveQuantity(str(row.quantity)),
            unit_price=row.unit_price,
            planned_quantity=quarters(planned),
            consumer_id=row.consumer_id,
        )

    def _cancel(self, row: RetailRow, week: int) -> PurchaseCancelled:
        cancelled = self._purchases.take_back(row)
        planned = cancelled.planned_quarters if cancelled else 0
        if week == self._week:
            self._in_stock[row.code] -= 4 * row.quantity
            if planned and cancelled and cancelled.week == week and row.consumer_id:
                # What was given back may be bought under the plan again.
                self._plan_left[row.consumer_id, row.code] += planned
        return PurchaseCancelled(
            event_id=f"{self._name}:{row.row:07}",
            product_id=row.code,
            occurred_at=row.occurred_at,
            company_id=company_of(row.code),
            quantity=PositiveQuantity(str(-row.quantity)),
            unit_price=row.unit_price,
            planned_quantity=quarters(planned),
            consumer_id=row.consumer_id,
            cancels=cancelled.event_id if cancelled else None,
        )

    def _ask(self, row: RetailRow, company_id: str) -> Iterator[Event]:
        known = self._asked.get(row.code)
        if known is not None and known[0] == row.unit_price:
            return
        since = row.occurred_at
        if known is not None and since <= known[1]:
            # Rows share their minute, but of two prices of one moment only the first
            # would stand.
            since = known[1] + _TICK
        self._asked[row.code] = (row.unit_price, since)
        yield UnplannedPricePosted(
            event_id=f"{self._name}:price:{row.row:07}",
            product_id=row.code,
            occurred_at=since,
            company_id=company_id,
            unplanned_price=row.unit_price,
        )

    def _made(
        self, of: str, code: str, occurred_at: datetime, count: int
    ) -> ProductionReported:
        return ProductionReported(
            event_id=f"{self._name}:made:{of}",
            product_id=code,
            occurred_at=occurred_at,
            company_id=company_of(code),
            quantity=PositiveQuantity(str(quarters(count))),
        )


def week_named(text: str) -> int:
    """
    Return the number of an ISO week such as `2011-W32`.

    Raises:
        InvalidValue: if it is none.
    """
    period = Period(text)
    if "W" not in period:
        raise InvalidValue("an ISO week such as 2011-W32", text)
    year, week = period.split("-W")
    return week_of(datetime.fromisocalendar(int(year), int(week), 1))


def spread(start: datetime, count: int) -> Iterator[datetime]:
    """Return so many moments, spread over the planning time."""
    seconds = int(PLANNING_TIME.total_seconds())
    return iter(
        [start + timedelta(seconds=index * seconds // count) for index in range(count)]
    )
