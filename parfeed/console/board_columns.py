"""PURE. The board's tables: rounds, councils' lines, alerts, with what sorts them."""

from datetime import UTC
from typing import Final

from parfeed.cli.board_tables import COUNCIL_COLUMNS, ROUND_COLUMNS
from parfeed.cli.layout import Column, plain
from parfeed.cli.numbers import ABSENT, number
from parfeed.console.sheets import Filter, Order, SheetColumn
from schemas.board_rows import CouncilRow, RoundRow
from schemas.trading_rows import AlertRow


def _round_order(title: str, row: RoundRow) -> Order:
    match title:
        case "Period":
            # The rounds of a period stand together, in their order.
            return f"{row.period} {row.round:04}"
        case "Worst":
            return row.worst_percent
        case "Forecast":
            return row.forecast_percent
        case "<1%":
            return row.within_1
        case "<3%":
            return row.within_3
        case "<5%":
            return row.within_5
        case "of":
            return row.products
        case "Alarm":
            return int(row.alarm)
        case "Answered":
            return row.answered
        case "Round":
            return row.round
        case "Deadline":
            return None if row.deadline is None else row.deadline.timestamp()
        case "Method":
            return row.method
        case _:
            return row.phase


def _council_order(title: str, row: CouncilRow) -> Order:
    match title:
        case "Quantity":
            return row.quantity
        case "People":
            return row.people
        case "Signed":
            # What lacks the fewest signatures is nearest to its decision.
            return row.signatures - row.needed
        case "Product":
            return row.product_id
        case "Level":
            return row.level
        case "Period":
            return str(row.period)
        case "Status":
            return row.status
        case _:
            return row.council_id


def _rounds() -> tuple[SheetColumn[RoundRow], ...]:
    def order(title: str) -> SheetColumn[RoundRow]:
        column = next(each for each in ROUND_COLUMNS if each.title == title)
        return SheetColumn(column=column, order=lambda row: _round_order(title, row))

    return tuple(order(column.title) for column in ROUND_COLUMNS)


def _councils() -> tuple[SheetColumn[CouncilRow], ...]:
    falling = {"Quantity", "People", "Signed"}

    def order(title: str) -> SheetColumn[CouncilRow]:
        column = next(each for each in COUNCIL_COLUMNS if each.title == title)
        return SheetColumn(
            column=column,
            order=lambda row: _council_order(title, row),
            falls=title in falling,
        )

    return tuple(order(column.title) for column in COUNCIL_COLUMNS)


ROUNDS: Final = _rounds()
COUNCILS: Final = _councils()


def _since(row: AlertRow, _: bool) -> str:
    since = row.since
    return ABSENT if since is None else f"{since.astimezone(UTC):%Y-%m-%d %H:%M}Z"


ALERTS: Final = (
    SheetColumn[AlertRow](
        column=Column(
            title="Product",
            width=10,
            importance=0,
            justify="left",
            cell=lambda row, _: plain(row.product_id),
        ),
        order=lambda row: row.product_id,
        falls=False,
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Kind",
            width=15,
            importance=0,
            justify="left",
            cell=lambda row, _: row.kind.replace("_", " "),
        ),
        order=lambda row: row.kind,
        falls=False,
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="State",
            width=6,
            importance=2,
            justify="left",
            cell=lambda row, _: "raised" if row.is_raised else "passed",
        ),
        order=lambda row: int(row.is_raised),
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Since",
            width=17,
            importance=3,
            justify="left",
            cell=_since,
        ),
        order=lambda row: None if row.since is None else row.since.timestamp(),
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Value",
            width=9,
            importance=1,
            cell=lambda row, _: number(row.value, 9),
        ),
        order=lambda row: row.value,
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Threshold",
            width=9,
            importance=4,
            cell=lambda row, _: number(row.threshold, 9),
        ),
        order=lambda row: row.threshold,
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Company",
            width=12,
            importance=5,
            justify="left",
            cell=lambda row, _: plain(row.company_id or ABSENT),
        ),
        order=lambda row: row.company_id,
        falls=False,
    ),
    SheetColumn[AlertRow](
        column=Column(
            title="Reason",
            width=40,
            importance=6,
            justify="left",
            cell=lambda row, _: plain(row.reason) or ABSENT,
        ),
        order=lambda row: row.reason or None,
        falls=False,
    ),
)

ALERT_FILTERS: Final = (
    Filter[AlertRow]("raised", lambda row: row.is_raised),
    Filter[AlertRow]("all", lambda row: True),
)

ROUND_FILTERS: Final = (
    Filter[RoundRow]("all", lambda row: True),
    Filter[RoundRow]("alerts", lambda row: row.alarm),
    Filter[RoundRow]("planning", lambda row: row.phase == "planning"),
)
COUNCIL_FILTERS: Final = (
    Filter[CouncilRow]("waiting", lambda row: row.status == "waits"),
    Filter[CouncilRow]("vetoed", lambda row: row.status == "vetoed"),
    Filter[CouncilRow]("all", lambda row: True),
)
"""What waits for signatures is what a board looks for, so it comes first."""


def round_text(row: RoundRow) -> str:
    """Return what of a round is searched."""
    return (
        f"{row.period} {row.method} {row.worst_product_id or ''} {row.reason}"
    ).casefold()


def council_text(row: CouncilRow) -> str:
    """Return what of a council's line is searched."""
    return f"{row.council_id} {row.product_id} {row.level}".casefold()


def alert_text(row: AlertRow) -> str:
    """Return what of an alert is searched."""
    return f"{row.product_id} {row.kind} {row.company_id or ''} {row.reason}".casefold()
