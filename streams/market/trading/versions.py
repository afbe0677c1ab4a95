"""
PURE. The newest version of every row that the ledger keeps of a period.

A row is written again only if something in it has changed, with its `sequence` counted
up. What is raised once, such as an alert, is known from here alone: so a ledger that
starts anew is given the rows that were written last (`put`).
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import force_setattr

from schemas.trading_rows import AlertRow, CardRow, CostRow, FameRow, OfferRow

LiveRow = OfferRow | AlertRow | FameRow | CardRow | CostRow
"""A row that follows trade as it goes."""

_RowT = TypeVar("_RowT", OfferRow, AlertRow, FameRow, CardRow, CostRow)


class Versions:
    """The rows of one period, by kind and product, and by what else names them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[type[LiveRow], str], dict[str, LiveRow]] = {}

    def put(self, row: LiveRow) -> None:
        """Take a row as it was written last."""
        product_id, name = _name_of(row)
        self._rows.setdefault((type(row), product_id), {})[name] = row

    def renew(self, row: _RowT) -> _RowT | None:
        """
        Return the next version of a row; None if nothing in it has changed.

        Args:
            row: with any sequence; a new one, which is given away.
        """
        product_id, name = _name_of(row)
        rows = self._rows.setdefault((type(row), product_id), {})
        last = rows.get(name)
        sequence = 0 if last is None else last.sequence
        # The row is the caller's own and has not been shown to anybody: a copy of each
        # would be a tenth of what a purchase costs.
        force_setattr(row, "sequence", sequence)
        if row == last:
            return None
        force_setattr(row, "sequence", sequence + 1)
        rows[name] = row
        return row

    def named(self, kind: type[LiveRow], product_id: str) -> Mapping[str, LiveRow]:
        """Return the rows of a kind and product, by company."""
        return self._rows.get((kind, product_id), {})

    def alert(self, product_id: str, kind: str) -> AlertRow | None:
        """Return an alert as it was written last."""
        row = self._rows.get((AlertRow, product_id), {}).get(kind)
        return row if isinstance(row, AlertRow) else None


def _name_of(row: LiveRow) -> tuple[str, str]:
    # Its product and its name among the rows of the same kind and product.
    match row:
        case CardRow():
            return row.product_id, row.party
        case AlertRow():
            return row.product_id, row.kind
        case CostRow():
            return row.of_product_id, row.company_id
        case _:
            return row.product_id, row.company_id
