"""
PURE. Sheets and words as lines for a terminal of any width.

A line is made of pieces, each a text with a style that Rich can read. What a style says
a sign says too: the chosen row has a pointer, an alert an exclamation mark, a colour
its word where there are no colours.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from parfeed.cli.layout import WORD_WIDTH, Column, fitting
from parfeed.console.glances import Trend
from parfeed.console.product_columns import (
    DEMAND_TREND,
    PRICE_TREND,
    WIDE,
    WIDE_TREND_WIDTH,
)
from parfeed.console.sheets import Sheet
from parfeed.console.sparkline import narrowed, sparkline

Piece = tuple[str, str]
"""A text and its style."""

Line = list[Piece]

GUTTER: Final = 3
"""Columns before a table: the pointer, a row's sign, a blank."""

HEAD: Final = "bold underline"
CHOSEN: Final = "reverse"

_LOOKED_AT: Final = 100
# Rows that tell whether a column has anything to say. Of 4,000 the first do.


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a table is drawn from.

    Attributes:
        sheet: the rows' names, in their order.
        get: gives a row by its name; None if it has gone.
        sign: a character for a row: `!` an alert, `*` a mark, or a blank.
        trend: gives a row's sparklines; None if the sheet has none.
        with_words: name each colour, for terminals without.
    """

    sheet: Sheet[Any, Any]
    get: Callable[[Any], Any]
    sign: Callable[[Any], str]
    trend: Callable[[Any], Trend] | None = None
    with_words: bool = False


def columns_of(drawn: Drawn, width: int) -> list[Column[Any]]:
    """Return the columns of a sheet that there is room for."""
    columns = [each.column for each in drawn.sheet.columns]
    if width >= WIDE:
        columns = [
            msgspec.structs.replace(column, width=WIDE_TREND_WIDTH)
            if column.title in (DEMAND_TREND, PRICE_TREND)
            else column
            for column in columns
        ]
    found = (drawn.get(key) for key in drawn.sheet.keys[:_LOOKED_AT])
    rows = [row for row in found if row is not None]
    return fitting(columns, rows, width - GUTTER, with_words=drawn.with_words)


def table_lines(drawn: Drawn, width: int, height: int) -> list[Line]:
    """
    Return a table's head and as many rows as there is room for.

    Args:
        drawn: what it is drawn from.
        width: of the room.
        height: of the room.
    """
    if height <= 0:
        return []
    columns = columns_of(drawn, width)
    widths = _widths(columns, width, with_words=drawn.with_words)
    lines = [_head(drawn.sheet, columns, widths)]
    if not drawn.sheet.keys and height > 1:
        lines.append([(" " * GUTTER, ""), (_why_empty(drawn.sheet), "")])
    for key in drawn.sheet.window(height - 1):
        row = drawn.get(key)
        if row is not None:
            lines.append(_row(drawn, key, row, columns, widths))
    return lines


def _widths(
    columns: Sequence[Column[Any]], width: int, *, with_words: bool
) -> list[int]:
    widths = [
        column.width + (WORD_WIDTH if with_words and column.has_colour else 0)
        for column in columns
    ]
    # The first column is the row's name: it takes what is left, up to a long name.
    left = width - GUTTER - sum(widths) - len(widths) + 1
    widths[0] = min(widths[0] + max(left, 0), 40) if left >= 0 else widths[0]
    return widths


def _head(
    sheet: Sheet[Any, Any], columns: Sequence[Column[Any]], widths: Sequence[int]
) -> Line:
    line: Line = [(" " * GUTTER, "")]
    for column, width in zip(columns, widths, strict=True):
        title = column.title
        if column.title == sheet.sorted_by.column.title:
            title = title[: width - 1] + ("▼" if sheet.falls else "▲")
        line += [(_fitted(title, width, column.justify), HEAD), (" ", "")]
    return line


def _row(
    drawn: Drawn,
    key: Any,
    row: Any,
    columns: Sequence[Column[Any]],
    widths: Sequence[int],
) -> Line:
    is_chosen = key == drawn.sheet.chosen
    base = CHOSEN if is_chosen else ""
    sign = drawn.sign(row)
    line: Line = [
        ("▸" if is_chosen else " ", base),
        (sign, f"bold {base}".strip() if sign != " " else base),
        (" ", base),
    ]
    trend = (
        drawn.trend(key)
        if drawn.trend is not None
        and any(column.title in (DEMAND_TREND, PRICE_TREND) for column in columns)
        else None
    )
    for column, width in zip(columns, widths, strict=True):
        if trend is not None and column.title == DEMAND_TREND:
            known = narrowed(trend.quantities, width)
            line.append((sparkline(known, width, from_zero=True), base))
        elif trend is not None and column.title == PRICE_TREND:
            line.append((sparkline(narrowed(trend.prices, width), width), base))
        else:
            cell = column.cell(row, drawn.with_words)
            text, style = (
                (cell.plain, str(cell.style)) if isinstance(cell, Text) else (cell, "")
            )
            line.append((_fitted(text, width, column.justify), style or base))
        line.append((" ", base))
    return line


def _fitted(text: str, width: int, justify: str) -> str:
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    blank = " " * (width - length)
    return blank + text if justify == "right" else text + blank


def _why_empty(sheet: Sheet[Any, Any]) -> str:
    if not sheet.total:
        return f"no {sheet.name} here"
    hidden = [
        f"search {sheet.search}: Esc ends it" if sheet.search else "",
        f"filter {sheet.filter.name}: f is the next",
    ]
    why = ", ".join(word for word in hidden if word)
    return f"none of {sheet.total:,} {sheet.name} ({why})"


def pieces_of(text: Text) -> Line:
    """Return a Rich text of one line as pieces."""
    line: Line = []
    cuts = sorted(
        {0, len(text.plain)}
        | {each for span in text.spans for each in (span.start, span.end)}
    )
    for start, end in pairwise(cuts):
        style = next(
            (str(span.style) for span in text.spans if span.start <= start < span.end),
            "",
        )
        line.append((text.plain[start:end], style))
    return line
