"""PURE. Which of the councils' lines wait for signatures."""

from collections.abc import Sequence

from schemas.board_rows import CouncilRow


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
