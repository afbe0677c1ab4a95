"""
PURE. The channels `rounds` and `councils` as tables that fit the terminal.

Of a round the worst imbalance stands beside what the rule had forecast. A sum that is
withheld is said to be, so that nobody takes it for none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from rich.table import Table
from rich.text import Text

from parfeed.cli.layout import Column, fitting, plain, table_of
from parfeed.cli.numbers import ABSENT, number
from parfeed.client.row_kinds import Key
from schemas.board_rows import CouncilRow, RoundRow

WITHHELD: Final = "withheld"
"""Stands for a sum over so few people that it would tell what one of them wants."""

ALARM: Final = Text("ALARM", style="bright_white on red")


def percent(value: Decimal | None) -> str:
    """Return a greatest imbalance, either way, in percent."""
    return ABSENT if value is None else f"{value:.2f}%"


def state(row: RoundRow) -> str:
    """Return what a round is about: its phase, or that its prices stand."""
    return "prices stand" if row.prices_stand else row.phase


def quantity(row: CouncilRow, width: int) -> str:
    """Return a council's sum, or that it is withheld."""
    return WITHHELD if row.quantity is None else number(row.quantity, width)


def signed_by(row: CouncilRow) -> str:
    """Return how many of the signatures that it takes there are."""
    return f"{row.signatures}/{row.needed}" if row.needed else ABSENT


def clock_time(moment: datetime | None) -> str:
    """Return a time of day in UTC."""
    return ABSENT if moment is None else f"{moment.astimezone(UTC):%H:%M:%S}Z"


ROUND_COLUMNS: Final[tuple[Column[RoundRow], ...]] = (
    Column(
        title="Period",
        width=13,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.period),
    ),
    Column(title="Round", width=5, importance=0, cell=lambda row, _: str(row.round)),
    Column(
        title="Worst",
        width=9,
        importance=1,
        cell=lambda row, _: percent(row.worst_percent),
    ),
    Column(
        title="Forecast",
        width=9,
        importance=3,
        cell=lambda row, _: percent(row.forecast_percent),
    ),
    Column(
        title="<1%",
        width=6,
        importance=6,
        cell=lambda row, _: number(Decimal(row.within_1), 6),
    ),
    Column(
        title="<3%",
        width=6,
        importance=2,
        cell=lambda row, _: number(Decimal(row.within_3), 6),
    ),
    Column(
        title="<5%",
        width=6,
        importance=7,
        cell=lambda row, _: number(Decimal(row.within_5), 6),
    ),
    Column(
        title="of",
        width=6,
        importance=4,
        cell=lambda row, _: number(Decimal(row.products), 6),
    ),
    Column(title="Method", width=7, importance=8, cell=lambda row, _: row.method),
    Column(
        title="Alarm",
        width=5,
        importance=2,
        cell=lambda row, _: ALARM if row.alarm else ABSENT,
    ),
    Column(
        title="Answered",
        width=13,
        importance=5,
        cell=lambda row, _: f"{row.answered}/{row.expected}",
    ),
    Column(
        title="Deadline",
        width=9,
        importance=6,
        cell=lambda row, _: clock_time(row.deadline),
    ),
    Column(title="State", width=12, importance=1, cell=lambda row, _: state(row)),
)

COUNCIL_COLUMNS: Final[tuple[Column[CouncilRow], ...]] = (
    Column(
        title="Council",
        width=12,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.council_id),
    ),
    Column(title="Level", width=13, importance=4, cell=lambda row, _: row.level),
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
        importance=5,
        cell=lambda row, _: plain(row.period),
    ),
    Column(
        title="Quantity", width=10, importance=1, cell=lambda row, _: quantity(row, 10)
    ),
    Column(
        title="People",
        width=8,
        importance=6,
        cell=lambda row, _: WITHHELD if row.people is None else str(row.people),
    ),
    Column(title="Status", width=8, importance=1, cell=lambda row, _: row.status),
    Column(title="Signed", width=7, importance=3, cell=lambda row, _: signed_by(row)),
)


def rounds_table(
    rows: Sequence[RoundRow],
    *,
    width: int,
    changed: frozenset[Key] = frozenset(),
    with_words: bool = False,
) -> Table:
    """
    Return rounds as a table.

    Args:
        rows: in the order in which they are shown.
        width: of the terminal.
        changed: what names the rows to show as new.
        with_words: nothing here has a colour without a word.
    """
    return table_of(
        rows,
        fitting(ROUND_COLUMNS, rows, width, with_words=with_words),
        width=width,
        new=lambda row: (row.product_id, str(row.period), row.round) in changed,
        with_words=with_words,
    )


def councils_table(
    rows: Sequence[CouncilRow],
    *,
    width: int,
    changed: frozenset[Key] = frozenset(),
    with_words: bool = False,
) -> Table:
    """
    Return councils' lines as a table.

    Args:
        rows: in the order in which they are shown.
        width: of the terminal.
        changed: what names the rows to show as new.
        with_words: nothing here has a colour without a word.
    """
    return table_of(
        rows,
        fitting(COUNCIL_COLUMNS, rows, width, with_words=with_words),
        width=width,
        new=lambda row: (row.product_id, str(row.period), row.council_id) in changed,
        with_words=with_words,
    )
