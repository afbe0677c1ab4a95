"""
PURE. Lines of a grid's CSV file to hours in UTC.

The layout is that of the packaged sample (docs/grid.md): one line per hour, in the
order of time, `start_local` in German local time, amounts in MWh, prices in EUR/MWh.
Columns are found by their names, in any order; others are passed over.

Rules:
- A local hour means the earliest moment after the row before it: so of the two 02:00 of
  an autumn night the first is the first, and the second the second.
- What is not there is said: an hour that no row has, a cell that is empty, a row that
  stands twice. Each becomes one refusal with its reason and row.
- A cell that cannot be read spoils itself only; the rest of its hour is read.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Final, Literal, TypeVar

import msgspec

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid_time import HOUR, local_time, readings
from parfeed.sources.reading import UnknownLayout
from schemas.errors import InvalidValue
from schemas.rows import ZERO
from schemas.values import EXACT, Price, Quantity

Reason = Literal[
    "missing_value",
    "missing_hour",
    "duplicate_hour",
    "no_such_hour",
    "out_of_order",
    "unreadable",
    "unpriced",
]

GRID_REASONS: Final[dict[Reason, str]] = {
    "missing_value": "A cell is empty: what it would have said is not known.",
    "missing_hour": "An hour between two rows of which no row says anything.",
    "duplicate_hour": "The hour of the row before once more.",
    "no_such_hour": "Local time leaves this hour out: the clocks go forward in it.",
    "out_of_order": "An hour that lies before the row before it; rows follow time.",
    "unreadable": "A cell or row that says nothing that can be read; see the detail.",
    "unpriced": "Units were bought in an hour of which their price is not known.",
}
"""Why an hour or a part of it becomes no event. A reason never changes its meaning."""

START: Final = "start_local"
PLANNED_LOAD: Final = "planned_load_mwh"
ACTUAL_LOAD: Final = "actual_load_mwh"
DAY_AHEAD: Final = "day_ahead_price_eur_mwh"
BALANCING: Final = "balancing_price_eur_mwh"

OTHER: Final = "other"
"""The bidder for all sources whose generation is forecast as one sum."""

PLANNED: Final = {
    "wind-offshore": "planned_wind_offshore_mwh",
    "wind-onshore": "planned_wind_onshore_mwh",
    "photovoltaics": "planned_photovoltaics_mwh",
    OTHER: "planned_other_mwh",
}
"""The column of what a company will make, by the day-ahead forecast."""

PRODUCED: Final = {
    "biomass": "actual_biomass_mwh",
    "hydropower": "actual_hydropower_mwh",
    "wind-offshore": "actual_wind_offshore_mwh",
    "wind-onshore": "actual_wind_onshore_mwh",
    "photovoltaics": "actual_photovoltaics_mwh",
    "other-renewable": "actual_other_renewable_mwh",
    "nuclear": "actual_nuclear_mwh",
    "lignite": "actual_lignite_mwh",
    "hard-coal": "actual_hard_coal_mwh",
    "fossil-gas": "actual_fossil_gas_mwh",
    "pumped-storage": "actual_hydro_pumped_storage_mwh",
    "other-conventional": "actual_other_conventional_mwh",
}
"""The column of what a company has made."""

COLUMNS: Final = (
    START,
    PLANNED_LOAD,
    ACTUAL_LOAD,
    *PLANNED.values(),
    *PRODUCED.values(),
    DAY_AHEAD,
    BALANCING,
)
"""What a file must have."""

YEARS: Final = range(2001, 2099)
"""Hours whose events, those of the day before among them, lie within the wire's years
in UTC, however the local clock differs."""

_BOM: Final = "\ufeff"


class GridHour(msgspec.Struct, frozen=True, kw_only=True):
    """
    One hour of the grid, as the file has it; None where a cell says nothing.

    Attributes:
        row: its number in the file, the first being 1.
        start: when it begins, in UTC.
        day: the local day that it belongs to.
        planned_load, actual_load: of all consumers, in MWh.
        planned, produced: by company, in MWh; see PLANNED and PRODUCED.
        day_ahead_price, balancing_price: in EUR/MWh.
        faults: of its cells.
    """

    row: int
    start: datetime
    day: date
    planned_load: Quantity | None
    actual_load: Quantity | None
    planned: Mapping[str, Quantity | None]
    produced: Mapping[str, Quantity | None]
    day_ahead_price: Price | None
    balancing_price: Price | None
    faults: tuple[RefusedRow, ...] = ()


class Days(msgspec.Struct, frozen=True):
    """Local days, both included; None is no bound."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return (self.first is None or self.first <= day) and (
            self.last is None or day <= self.last
        )


ALL_DAYS: Final = Days()


def split_load(hour: GridHour) -> tuple[Decimal, Decimal]:
    """
    Return what was bought within the plan and beyond it, in MWh.

    Nothing where no load is known; all of it is beyond a plan that is not known.
    """
    load = ZERO if hour.actual_load is None else hour.actual_load
    plan = ZERO if hour.planned_load is None else hour.planned_load
    with localcontext(EXACT):
        planned = min(load, plan)
        return planned, load - planned


def is_grid_header(line: str) -> bool:
    """Tell whether a file's first line is that of a grid's file."""
    try:
        return START in next(csv.reader([line.removeprefix(_BOM)]), [])
    except csv.Error:
        return False  # whoever reads it as something else says what it is not


def read_hours(
    lines: Iterable[str], days: Days = ALL_DAYS
) -> Iterator[GridHour | RefusedRow]:
    """
    Read a file's hours, in its order, and what is at fault beside them.

    Args:
        lines: the file's lines with their ends, the header first.
        days: what to read; a refusal belongs to the day of its hour, or where it has
            none, of the hour before it.

    Raises:
        UnknownLayout: if the header lacks a column.
    """
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
    except csv.Error as exc:
        raise UnknownLayout(f"the file's first line is no CSV header: {exc}") from exc
    header = [name.removeprefix(_BOM) for name in header]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UnknownLayout(
            f"the file lacks the columns {', '.join(missing)}; its first line was "
            f"{','.join(header)[:200]!r}. A grid's file has {', '.join(COLUMNS)} "
            "(docs/grid.md)"
        )
    places = {name: header.index(name) for name in COLUMNS}
    yield from _Reading(places, days).read(reader)


class _Reading:
    def __init__(self, places: dict[str, int], days: Days) -> None:
        self._places = places
        self._days = days
        self._width = max(places.values()) + 1
        # The newest hour that was read; None before the first.
        self._last: datetime | None = None

    def read(self, reader: Iterator[list[str]]) -> Iterator[GridHour | RefusedRow]:
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                # The reader goes on with the next line.
                yield from self._refused(number, "unreadable", str(exc))
                continue
            try:
                start = self._start(cells)
            except _Unusable as exc:
                yield from self._refused(number, exc.reason, exc.detail)
                continue
            yield from self._missed(number, start)
            self._last = start
            day = local_time(start).date()
            if day in self._days:
                yield self._hour(number, start, day, cells)

    def _refused(
        self, number: int, reason: Reason, detail: str
    ) -> Iterator[RefusedRow]:
        if self._last is None:
            is_wanted = self._days.first is None
        else:
            is_wanted = local_time(self._last).date() in self._days
        if is_wanted:
            yield RefusedRow(reason=reason, row=number, detail=detail)

    def _missed(self, number: int, start: datetime) -> Iterator[RefusedRow]:
        # Between the hour before and this one; nobody knows what lies outside a file.
        if self._last is None:
            return
        hour = self._last + HOUR
        while hour < start:
            if local_time(hour).date() in self._days:
                yield RefusedRow(
                    reason="missing_hour",
                    row=number,
                    detail=f"no row before it says {hour:%Y-%m-%dT%H} UTC",
                )
            hour += HOUR

    def _start(self, cells: list[str]) -> datetime:
        if len(cells) < self._width:
            raise _Unusable(
                "unreadable",
                f"must be a row of {self._width} cells or more, had {len(cells)}",
            )
        text = cells[self._places[START]]
        expected = "an hour's start in local time such as 2023-10-29T02:00:00"
        try:
            local = datetime.fromisoformat(text)
        except ValueError as exc:
            raise _Unusable("unreadable", str(InvalidValue(expected, text))) from exc
        is_hour = not (local.minute or local.second or local.microsecond)
        if local.tzinfo is not None or not is_hour:
            raise _Unusable("unreadable", str(InvalidValue(expected, text)))
        if local.year not in YEARS:
            raise _Unusable(
                "unreadable", f"must lie from {YEARS[0]} to {YEARS[-1]}, was {text!r}"
            )
        meant = readings(local)
        if not meant:
            raise _Unusable("no_such_hour", text)
        last = self._last
        for start in meant:
            if last is None or start > last:
                return start
        raise _Unusable("duplicate_hour" if meant[-1] == last else "out_of_order", text)

    def _hour(
        self, number: int, start: datetime, day: date, cells: list[str]
    ) -> GridHour:
        read = _Cells(number, cells, self._places)
        return GridHour(
            row=number,
            start=start,
            day=day,
            planned_load=read.quantity(PLANNED_LOAD),
            actual_load=read.quantity(ACTUAL_LOAD),
            planned={name: read.quantity(column) for name, column in PLANNED.items()},
            produced={name: read.quantity(column) for name, column in PRODUCED.items()},
            day_ahead_price=read.price(DAY_AHEAD),
            balancing_price=read.price(BALANCING),
            faults=tuple(read.faults),
        )


Amount = TypeVar("Amount", Quantity, Price)


class _Cells:
    # The amounts of one row, and what is at fault with them.
    def __init__(self, row: int, cells: list[str], places: dict[str, int]) -> None:
        self.faults: list[RefusedRow] = []
        self._row = row
        self._cells = cells
        self._places = places

    def quantity(self, column: str) -> Quantity | None:
        return self._read(column, Quantity)

    def price(self, column: str) -> Price | None:
        return self._read(column, Price)

    def _read(self, column: str, kind: type[Amount]) -> Amount | None:
        text = self._cells[self._places[column]]
        if not text:
            self._fault("missing_value", column)
            return None
        try:
            return kind(text)
        except InvalidValue as exc:
            self._fault("unreadable", f"{column} {exc}")
            return None

    def _fault(self, reason: Reason, detail: str) -> None:
        self.faults.append(RefusedRow(reason=reason, row=self._row, detail=detail))


class _Unusable(Exception):
    # A row that says no hour.
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
