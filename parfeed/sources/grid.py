"""
PURE. A grid's hours to events: day-ahead forecasts as plans, the day itself as trading.

Rules:
- The product is one, `electricity` in MWh; a period is an hour in UTC; a company is a
  source of energy.
- Planned generation is bids, planned load is a plan line, the day-ahead price is the
  planned price: handed in at noon of the day before.
- Actual generation is production. Actual load is bought: up to the plan at the
  day-ahead price, beyond it unplanned at the balancing price.
- Every sum is the file's own, digit by digit; who bid and sold which part of it is
  derived where the file does not say (grid_shares.py).
- The same hours make the same events, byte for byte; an event's id is made of its hour,
  so parts of a file and the whole count once.
- What is not known is refused and counted, and the rest of its hour is handed in.

docs/grid.md describes each choice; the words are those of docs/economics.md.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Final

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid_reading import (
    ALL_DAYS,
    Days,
    GridHour,
    read_hours,
    split_load,
)
from parfeed.sources.grid_shares import SELLER, bids_of, sales_of
from parfeed.sources.grid_time import HOUR, readings
from schemas.errors import InvalidValue
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted
from schemas.values import EARLIEST, Period, PositiveQuantity, Price, Quantity

DEFAULT_NAME: Final = "grid"
"""What event ids begin with."""

MAX_NAME: Final = 8
"""Characters of such a name: with an hour and a company an id stays below 64."""

PRODUCT: Final = "electricity"
CONSUMER: Final = "load"
"""All consumers of the grid: the file knows them as one sum."""

PLANNED_AT: Final = timedelta(hours=12)
"""Local time of the day before at which a day's plans begin to come: the day-ahead
auction closes at noon."""

PLAN_EVERY: Final = timedelta(minutes=2)
"""Between the plans of two hours of a day: those of its 23 to 25 take 50 minutes."""

LINE_EVERY: Final = timedelta(seconds=5)
"""Between the price, bids and plan line of an hour, 15 at most."""

REPORT_EVERY: Final = timedelta(minutes=4)
"""Between two sources' reports within an hour, so that it does not come in one blow;
the file says no more than the hour. Twelve sources take 48 minutes of it."""

BOUGHT_AT: Final = timedelta(minutes=52)
PRICED_AT: Final = timedelta(minutes=54)
UNPLANNED_AT: Final = timedelta(minutes=56)
"""Within an hour: what was planned is bought, then the balancing price is asked, then
what goes beyond the plan is bought at it."""

Item = Event | RefusedRow
_Timed = tuple[datetime, Item]


def map_grid(
    lines: Iterable[str], days: Days = ALL_DAYS, name: str = DEFAULT_NAME
) -> Iterator[Item]:
    """
    Map a file's lines to events in the order of their time, and refusals.

    Args:
        lines: of the CSV file, the header first.
        days: local days to replay.
        name: what event ids begin with: files with other figures for the same hours
            need their own.

    Raises:
        UnknownLayout: if the header lacks a column.
        InvalidValue: if `name` cannot be one.
    """
    if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
        raise InvalidValue(f"a name of 1 to {MAX_NAME} printable characters", name)
    return _map(read_hours(lines, days), name)


def period_of_hour(start: datetime) -> Period:
    """Return the period of an hour in UTC: `2023-10-29T00`."""
    return Period(f"{start:%Y-%m-%dT%H}")


def _map(hours: Iterable[GridHour | RefusedRow], name: str) -> Iterator[Item]:
    # A day's plans come during the day before, so one day is looked ahead.
    today: list[_Timed] = []
    for day in _days(hours):
        yield from _in_time(today + _planned(day, name))
        today = _traded(day, name)
    yield from _in_time(today)


def _days(
    hours: Iterable[GridHour | RefusedRow],
) -> Iterator[list[GridHour | RefusedRow]]:
    # What is no hour belongs to the hour before it.
    held: list[GridHour | RefusedRow] = []
    day: date | None = None
    for hour in hours:
        if isinstance(hour, GridHour):
            if day is not None and hour.day != day:
                yield held
                held = []
            day = hour.day
        held.append(hour)
    if held:
        yield held


def _in_time(timed: list[_Timed]) -> Iterator[Item]:
    # Sorting keeps the order of what has one time.
    return map(itemgetter(1), sorted(timed, key=itemgetter(0)))


# The day before


def _planned(day: list[GridHour | RefusedRow], name: str) -> list[_Timed]:
    hours = [hour for hour in day if isinstance(hour, GridHour)]
    if not hours:
        return []
    midnight = datetime.combine(hours[0].day, time())
    # Neither midnight nor noon is ever left out or repeated.
    (first,) = readings(midnight)
    (noon,) = readings(midnight - timedelta(days=1) + PLANNED_AT)
    timed: list[_Timed] = []
    for hour in hours:
        # By the hour's place in its day, not in the file: an event is the same
        # whatever else the file holds.
        begin = noon + (hour.start - first) // HOUR * PLAN_EVERY
        timed += [(event.occurred_at, event) for event in _plans(hour, begin, name)]
    return timed


def _plans(hour: GridHour, begin: datetime, name: str) -> Iterator[Event]:
    period = period_of_hour(hour.start)
    if hour.day_ahead_price is not None:
        yield PlannedPriceAnnounced(
            event_id=f"{name}:planned-price:{period}",
            product_id=PRODUCT,
            occurred_at=begin,
            period=period,
            planned_price=hour.day_ahead_price,
            reason="the day-ahead auction's price",
        )
    at = begin
    for company_id, quantity in bids_of(hour).items():
        at += LINE_EVERY
        yield BidPlaced(
            event_id=f"{name}:bid:{period}:{company_id}",
            product_id=PRODUCT,
            occurred_at=at,
            company_id=company_id,
            period=period,
            quantity=quantity,
        )
    if hour.planned_load is not None:
        yield PlanSubmitted(
            event_id=f"{name}:plan:{period}",
            product_id=PRODUCT,
            occurred_at=at + LINE_EVERY,
            consumer_id=CONSUMER,
            period=period,
            quantity=hour.planned_load,
        )


# The day itself


def _traded(day: list[GridHour | RefusedRow], name: str) -> list[_Timed]:
    timed: list[_Timed] = []
    at = EARLIEST
    for hour in day:
        if isinstance(hour, RefusedRow):
            timed.append((at, hour))
            continue
        at = hour.start
        timed += [(at, fault) for fault in hour.faults]
        timed += [(event.occurred_at, event) for event in _made(hour, name)]
        timed += _bought(hour, name)
    return timed


def _made(hour: GridHour, name: str) -> Iterator[ProductionReported]:
    period = period_of_hour(hour.start)
    for index, (company_id, quantity) in enumerate(hour.produced.items(), start=1):
        # A report is of what was made; of nothing there is none.
        if quantity:
            yield ProductionReported(
                event_id=f"{name}:made:{period}:{company_id}",
                product_id=PRODUCT,
                occurred_at=hour.start + index * REPORT_EVERY,
                company_id=company_id,
                quantity=PositiveQuantity(str(quantity)),
            )


def _bought(hour: GridHour, name: str) -> Iterator[_Timed]:
    period, load = period_of_hour(hour.start), hour.actual_load
    if hour.balancing_price is not None:
        asked_at = hour.start + PRICED_AT
        yield (
            asked_at,
            UnplannedPricePosted(
                event_id=f"{name}:price:{period}",
                product_id=PRODUCT,
                occurred_at=asked_at,
                company_id=SELLER,
                unplanned_price=hour.balancing_price,
            ),
        )
    if load is None:
        return
    within, beyond = split_load(hour)
    bought_at = hour.start + BOUGHT_AT
    if within and hour.day_ahead_price is None:
        yield bought_at, _unpriced(hour, "planned", within)
    elif within and hour.day_ahead_price is not None:
        for company_id, quantity in sales_of(within, bids_of(hour)).items():
            event_id = f"{name}:bought:{period}:{company_id}"
            price = hour.day_ahead_price
            yield (
                bought_at,
                _purchase(event_id, bought_at, company_id, quantity, price, quantity),
            )
    bought_at = hour.start + UNPLANNED_AT
    if beyond and hour.balancing_price is None:
        yield bought_at, _unpriced(hour, "unplanned", beyond)
    elif beyond and hour.balancing_price is not None:
        event_id, price = f"{name}:bought:{period}:unplanned", hour.balancing_price
        yield (
            bought_at,
            _purchase(event_id, bought_at, SELLER, beyond, price, Decimal(0)),
        )


def _purchase(
    event_id: str,
    bought_at: datetime,
    company_id: str,
    quantity: Decimal,
    unit_price: Price,
    planned: Decimal,
) -> PurchaseRecorded:
    return PurchaseRecorded(
        event_id=event_id,
        product_id=PRODUCT,
        occurred_at=bought_at,
        company_id=company_id,
        quantity=PositiveQuantity(f"{quantity:f}"),
        unit_price=unit_price,
        planned_quantity=Quantity(f"{planned:f}"),
        consumer_id=CONSUMER,
    )


def _unpriced(hour: GridHour, kind: str, quantity: Decimal) -> RefusedRow:
    return RefusedRow(
        reason="unpriced",
        row=hour.row,
        detail=f"{quantity} MWh {kind} in an hour without that price",
    )
