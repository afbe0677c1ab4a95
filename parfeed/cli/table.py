"""
PURE. The live table: rows of the market to a Rich table that fits the terminal.

Columns go by width, the least telling first; what is left is always a whole column.
Colours carry no meaning alone: an imbalance is a number with a sign, and where there is
no colour its colour's word stands beside it. Each colour brings its own background, so
that it reads on light and on dark terminals.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parfeed.cli.numbers import ABSENT, money, number, signed
from schemas.rows import MarketRow
from schemas.values import is_printable

STYLES: Final = {
    "blue": "bright_white on blue",
    "green": "black on green",
    "yellow": "black on yellow",
    "orange": "black on dark_orange",
    "red": "bright_white on red",
}

HEADER_LINES: Final = 3
"""Lines that are no rows: two of the header, one of the column names."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the header says.

    Attributes:
        url: of the feed.
        state: `live`, `reconnecting` and so on.
        is_live: whether the rows move on.
        lag: from an event's arrival to its row at the feed server.
        silence: since the feed's last message.
        occurred_at: the newest event's time.
        rows: how many there are; the table shows some of them.
        period: of all rows shown, where it is one.
        changes_per_s: rows that changed lately.
        note: more to say, such as why a connection was lost.
    """

    url: str
    state: str
    is_live: bool
    lag: timedelta | None = None
    silence: timedelta = timedelta()
    occurred_at: str = ""
    rows: int = 0
    period: str = ""
    changes_per_s: float = 0.0
    note: str = ""


class _Column(msgspec.Struct, frozen=True, kw_only=True):
    # `importance`: the greatest go first when the width does not do. `width`: of the
    # column without the gap.
    title: str
    width: int
    importance: int
    cell: Callable[[MarketRow, bool], str | Text]
    justify: Literal["left", "right"] = "right"


def purchases(row: MarketRow) -> tuple[Decimal, Decimal]:
    """Return planned and unplanned purchases, less what was given back."""
    demand = row.demand
    return (
        demand.planned_purchases.quantity - demand.planned_cancellations.quantity,
        demand.unplanned_purchases.quantity - demand.unplanned_cancellations.quantity,
    )


def imbalance(row: MarketRow, with_word: bool) -> Text:
    """Return the imbalance with its colour, and the colour's word on demand."""
    if row.imbalance is None:
        return Text(ABSENT)
    percent = f"{row.imbalance.percent:+.1f}"
    word = f" {row.imbalance.colour}" if with_word else ""
    return Text(f"{percent}%{word}", style=STYLES[row.imbalance.colour])


def plain(text: str) -> str:
    """Return a text without what could steer a terminal."""
    # Ids come from anyone.
    return text if is_printable(text) else "".join(filter(str.isprintable, text))


_COLUMNS: Final = (
    _Column(
        title="Product",
        width=12,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.product_id),
    ),
    _Column(
        title="Period",
        width=13,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.period),
    ),
    _Column(
        title="Supply",
        width=8,
        importance=2,
        cell=lambda row, _: number(row.supply.planned, 8),
    ),
    _Column(
        title="Demand",
        width=8,
        importance=2,
        cell=lambda row, _: number(row.demand.planned, 8),
    ),
    _Column(title="Imbalance", width=9, importance=1, cell=imbalance),
    _Column(
        title="Made",
        width=8,
        importance=7,
        cell=lambda row, _: number(row.supply.produced, 8),
    ),
    _Column(
        title="Bought",
        width=8,
        importance=3,
        cell=lambda row, _: number(sum(purchases(row), Decimal()), 8),
    ),
    _Column(
        title="planned",
        width=8,
        importance=8,
        cell=lambda row, _: number(purchases(row)[0], 8),
    ),
    _Column(
        title="unplanned",
        width=9,
        importance=6,
        cell=lambda row, _: number(purchases(row)[1], 9),
    ),
    _Column(
        title="Price",
        width=8,
        importance=4,
        cell=lambda row, _: money(row.price.planned, 8),
    ),
    _Column(
        title="Unplanned",
        width=9,
        importance=5,
        cell=lambda row, _: money(row.price.unplanned, 9),
    ),
    _Column(
        title="Differ.",
        width=8,
        importance=5,
        cell=lambda row, _: signed(row.price.difference, 8),
    ),
)

_WORD_WIDTH: Final = 7


def _chosen(width: int, with_words: bool, periods: set[str]) -> list[_Column]:
    columns = list(_COLUMNS)
    at = next(n for n, column in enumerate(columns) if column.title == "Period")
    if len(periods) > 1:
        # Two rows of one product would look alike without it.
        columns[at] = msgspec.structs.replace(
            columns[at], width=max(map(len, periods)), importance=3
        )
    else:
        # It stands in the header.
        del columns[at]
    extra = _WORD_WIDTH if with_words else 0

    def taken() -> int:
        return sum(column.width + 1 for column in columns) - 1 + extra

    while taken() > width and len(columns) > 1:
        columns.remove(max(reversed(columns), key=lambda column: column.importance))
    return columns


def rows_table(
    rows: Sequence[MarketRow],
    *,
    width: int,
    changed: frozenset[tuple[str, str]] = frozenset(),
    with_words: bool = False,
) -> Table:
    """
    Return rows as a table.

    Args:
        rows: in the order in which they are shown.
        width: of the terminal.
        changed: (product_id, period) of the rows to show as new.
        with_words: name each imbalance's colour, for terminals without.
    """
    table = Table(
        box=None,
        width=width,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        expand=True,
        header_style="bold underline",
    )
    columns = _chosen(width, with_words, {str(row.period) for row in rows})
    for column in columns:
        is_first = column is columns[0]
        extra = _WORD_WIDTH if with_words and column.cell is imbalance else 0
        table.add_column(
            column.title,
            justify=column.justify,
            no_wrap=True,
            overflow="ellipsis",
            width=None if is_first else column.width + extra,
            min_width=column.width if is_first else None,
            ratio=1 if is_first else None,
        )
    for row in rows:
        is_new = (row.product_id, str(row.period)) in changed
        cells = [column.cell(row, with_words) for column in columns]
        table.add_row(
            *(Text(cell) if isinstance(cell, str) else cell for cell in cells),
            style="bold" if is_new else "",
        )
    return table


def header(connection: Connection, width: int) -> Group:
    """Return the two lines that say how live the table is."""
    state = Text(no_wrap=True, overflow="ellipsis")
    state.append("parfeed ", style="bold")
    state.append(
        f" {connection.state} ",
        style="black on green" if connection.is_live else "bright_white on red",
    )
    state.append(f" {connection.url}")
    if connection.note:
        state.append(f"  {connection.note}")
    lag = (
        ABSENT
        if connection.lag is None
        else f"{connection.lag / timedelta(milliseconds=1):.0f} ms"
    )
    facts = [
        f"lag {lag}",
        *([f"period {plain(connection.period)}"] if connection.period else []),
        f"heard {connection.silence.total_seconds():.1f} s ago",
        f"{connection.changes_per_s:,.0f} changes/s",
        f"{connection.rows:,} rows",
    ]
    if connection.occurred_at:
        facts.append(f"newest event {connection.occurred_at}")
    while len(facts) > 1 and len("  ".join(facts)) > width:
        facts.pop()
    return Group(state, Text("  ".join(facts), no_wrap=True, overflow="ellipsis"))
