"""Lines of a grid's file, and what they are mapped to."""

from collections.abc import Iterable
from typing import Final

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid import Item, map_grid
from parfeed.sources.grid_reading import (
    ALL_DAYS,
    COLUMNS,
    PLANNED,
    PRODUCED,
    START,
    Days,
    GridHour,
    read_hours,
)

HEADER: Final = ",".join(COLUMNS) + "\n"

CELLS: Final = {
    "planned_load_mwh": "50000.25",
    "actual_load_mwh": "50010.50",
    "day_ahead_price_eur_mwh": "-5.17",
    "balancing_price_eur_mwh": "231.47",
    **{column: f"{index}00.25" for index, column in enumerate(PLANNED.values(), 1)},
    **{column: f"{index}0.75" for index, column in enumerate(PRODUCED.values(), 1)},
}
"""Of an hour in which more is bought than planned, below zero by the plan."""


def an_hour(start: str = "2023-06-01T12:00:00", **cells: str) -> str:
    """Make a line; a cell is named by its column."""
    values = {START: start, **CELLS, **cells}
    assert len(values) == len(COLUMNS), "a cell of no column"
    return ",".join(values[column] for column in COLUMNS) + "\n"


def hours_of(
    lines: Iterable[str], days: Days = ALL_DAYS
) -> list[GridHour | RefusedRow]:
    """Read lines below a header."""
    return list(read_hours([HEADER, *lines], days))


def grid_items(lines: Iterable[str], days: Days = ALL_DAYS) -> list[Item]:
    """Map lines below a header."""
    return list(map_grid([HEADER, *lines], days))
