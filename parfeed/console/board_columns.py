"""PURE. The board's tables of rounds and of councils' lines, with what sorts them."""

from typing import Final

from parfeed.cli.board_tables import COUNCIL_COLUMNS, ROUND_COLUMNS
from parfeed.console.sheets import Filter, Order, SheetColumn
from schemas.board_rows import CouncilRow, RoundRow


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
