"""PURE. Councils' lines as they are shown: what waits, and for how many signatures."""

from collections.abc import Sequence
from typing import Final

from parfeed.cli.layout import plain
from parfeed.cli.numbers import number
from schemas.board_rows import CouncilRow

WITHHELD: Final = "withheld"
"""Stands for a sum of so few people that it would show what one of them wants."""

TITLES: Final = (
    "Council",
    "Level",
    "Period",
    "Product",
    "Quantity",
    "People",
    "Status",
    "Signed",
)

_WIDTH: Final = 14


def council_cells(row: CouncilRow) -> tuple[str, ...]:
    """Return a council's line as cells of a table with `TITLES`."""
    return (
        plain(row.council_id),
        row.level,
        plain(row.period),
        plain(row.product_id),
        WITHHELD if row.quantity is None else number(row.quantity, _WIDTH),
        WITHHELD if row.people is None else f"{row.people:,}",
        row.status,
        f"{row.signatures} of {row.needed}" if row.needed else "none needed",
    )


def waiting(rows: Sequence[CouncilRow], council_id: str | None) -> list[CouncilRow]:
    """
    Return the lines that wait for signatures, by council, period and product.

    Args:
        rows: of all councils.
        council_id: of this one only; None for all.
    """
    found = [
        row
        for row in rows
        if row.status == "waits" and council_id in (None, row.council_id)
    ]
    return sorted(
        found, key=lambda row: (row.council_id, str(row.period), row.product_id)
    )


def decided_line(row: CouncilRow) -> str:
    """Return where a council's line stands, as one line."""
    signed = f", {row.signatures} of {row.needed} signatures" if row.needed else ""
    return (
        f"{plain(row.council_id)} {plain(row.period)} {plain(row.product_id)}: "
        f"{row.status}{signed}"
    )
