"""
PURE. Tables that fit the terminal: columns go by width, the least telling first.

What is left is always a whole column. Colours carry no meaning alone: a percentage is
a number with a sign, and where there is no colour its colour's word stands beside it.
Each colour brings its own background, so that it reads on light and on dark terminals.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, Generic, Literal, TypeVar

import msgspec
from rich.table import Table
from rich.text import Text

from schemas.values import is_printable

STYLES: Final = {
    "blue": "bright_white on blue",
    "green": "black on green",
    "yellow": "black on yellow",
    "orange": "black on dark_orange",
    "red": "bright_white on red",
}

WORD_WIDTH: Final = 7
"""Of a colour's word and the blank before it."""

R = TypeVar("R")


class Column(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """
    A column of a table.

    Attributes:
        title: its head.
        width: of its cells, without the gap.
        importance: the greatest go first when the width does not do.
        cell: writes a row's figure; told whether to name its colour.
        justify: where the figure stands.
        has_colour: whether its cells have a colour that may be named.
        is_of: whether a row has something to say here; a column of which no row has is
            left out.
    """

    title: str
    width: int
    importance: int
    cell: Callable[[R, bool], str | Text]
    justify: Literal["left", "right"] = "right"
    has_colour: bool = False
    is_of: Callable[[R], bool] | None = None


def plain(text: str) -> str:
    """Return a text without what could steer a terminal."""
    # Ids come from anyone.
    return text if is_printable(text) else "".join(filter(str.isprintable, text))


def coloured(percent: Decimal, colour: str, with_word: bool) -> Text:
    """Return a percentage with its colour, and the colour's word on demand."""
    word = f" {colour}" if with_word else ""
    return Text(f"{percent:+.1f}%{word}", style=STYLES[colour])


def fitting(
    columns: Sequence[Column[R]], rows: Sequence[R], width: int, *, with_words: bool
) -> list[Column[R]]:
    """
    Return the columns that there is room for, in their order.

    Args:
        columns: all of them.
        rows: that are shown.
        width: of the terminal.
        with_words: whether colours are named.
    """
    chosen = [
        column
        for column in columns
        if column.is_of is None or any(map(column.is_of, rows))
    ]

    def taken() -> int:
        return sum(_width(column, with_words) + 1 for column in chosen) - 1

    while taken() > width and len(chosen) > 1:
        chosen.remove(max(reversed(chosen), key=lambda column: column.importance))
    return chosen


def table_of(
    rows: Sequence[R],
    columns: Sequence[Column[R]],
    *,
    width: int,
    new: Callable[[R], bool],
    with_words: bool,
) -> Table:
    """
    Return rows as a table.

    Args:
        rows: in the order in which they are shown.
        columns: those that fit; the first takes what is left of the width.
        width: of the terminal.
        new: whether a row is to be shown as new.
        with_words: name each colour, for terminals without.
    """
    table = Table(
        box=None,
        width=width,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        expand=True,
        header_style="bold underline",
    )
    for column in columns:
        is_first = column is columns[0]
        table.add_column(
            column.title,
            justify=column.justify,
            no_wrap=True,
            overflow="ellipsis",
            width=None if is_first else _width(column, with_words),
            min_width=column.width if is_first else None,
            ratio=1 if is_first else None,
        )
    for row in rows:
        cells = [column.cell(row, with_words) for column in columns]
        table.add_row(
            *(Text(cell) if isinstance(cell, str) else cell for cell in cells),
            style="bold" if new(row) else "",
        )
    return table


def _width(column: Column[R], with_words: bool) -> int:
    extra = WORD_WIDTH if with_words and column.has_colour else 0
    return column.width + extra
