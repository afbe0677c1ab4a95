"""
PURE. The live table: rows of the market to a Rich table that fits the terminal.

While a product is planned, the price of the round that runs and the price that the
rule would announce next stand beside its imbalance.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parfeed.cli.layout import Column, coloured, fitting, plain, table_of
from parfeed.cli.numbers import ABSENT, money, number, signed
from parfeed.client.row_kinds import Key
from schemas.rows import MarketRow

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


def purchases(row: MarketRow) -> tuple[Decimal, Decimal]:
    """Return planned and unplanned purchases, less what was given back."""
    demand = row.demand
    return (
        demand.planned_purchases.quantity - demand.planned_cancellations.quantity,
        demand.unplanned_purchases.quantity - demand.unplanned_cancellations.quantity,
    )


def imbalance(row: MarketRow, with_word: bool) -> str | Text:
    """Return the imbalance with its colour, and the colour's word on demand."""
    if row.imbalance is None:
        return ABSENT
    return coloured(row.imbalance.percent, row.imbalance.colour, with_word)


def is_planned(row: MarketRow) -> bool:
    """Tell whether planning goes on: a price is announced, and none stands yet."""
    price = row.price
    return price.planned is None and (
        price.announced is not None or price.indicative is not None
    )


_COLUMNS: Final[tuple[Column[MarketRow], ...]] = (
    Column(
        title="Product",
        width=12,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.product_id),
    ),
    Column(
        title="Period",
        width=13,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.period),
    ),
    Column(
        title="Supply",
        width=8,
        importance=2,
        cell=lambda row, _: number(row.supply.planned, 8),
    ),
    Column(
        title="Demand",
        width=8,
        importance=2,
        cell=lambda row, _: number(row.demand.planned, 8),
    ),
    Column(title="Imbalance", width=9, importance=1, cell=imbalance, has_colour=True),
    Column(
        title="Announced",
        width=9,
        importance=2,
        cell=lambda row, _: money(row.price.announced, 9),
        is_of=is_planned,
    ),
    Column(
        title="Indicative",
        width=10,
        importance=3,
        cell=lambda row, _: money(row.price.indicative, 10),
        is_of=is_planned,
    ),
    Column(
        title="Made",
        width=8,
        importance=7,
        cell=lambda row, _: number(row.supply.produced, 8),
    ),
    Column(
        title="Bought",
        width=8,
        importance=3,
        cell=lambda row, _: number(sum(purchases(row), Decimal()), 8),
    ),
    Column(
        title="planned",
        width=8,
        importance=8,
        cell=lambda row, _: number(purchases(row)[0], 8),
    ),
    Column(
        title="unplanned",
        width=9,
        importance=6,
        cell=lambda row, _: number(purchases(row)[1], 9),
    ),
    Column(
        title="Price",
        width=8,
        importance=4,
        cell=lambda row, _: money(row.price.planned, 8),
    ),
    Column(
        title="Unplanned",
        width=9,
        importance=5,
        cell=lambda row, _: money(row.price.unplanned, 9),
    ),
    Column(
        title="Differ.",
        width=8,
        importance=5,
        cell=lambda row, _: signed(row.price.difference, 8),
    ),
)


def rows_table(
    rows: Sequence[MarketRow],
    *,
    width: int,
    changed: frozenset[Key] = frozenset(),
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
    columns = list(_COLUMNS)
    periods = {str(row.period) for row in rows}
    at = next(n for n, column in enumerate(columns) if column.title == "Period")
    if len(periods) > 1:
        # Two rows of one product would look alike without it.
        columns[at] = msgspec.structs.replace(
            columns[at], width=max(map(len, periods)), importance=3
        )
    else:
        # It stands in the header.
        del columns[at]
    return table_of(
        rows,
        fitting(columns, rows, width, with_words=with_words),
        width=width,
        new=lambda row: (row.product_id, str(row.period)) in changed,
        with_words=with_words,
    )


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
