"""
PURE. What everybody may see of councils: rows, and what waits for signatures.

No party is in it. A consumers' sum of few people is withheld (withholding.py); the
producers' names are public, and so are their sums. Signers are named where something
waits: signing is an office.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.agenda import Level
from schemas.board_rows import CouncilRow
from schemas.values import Period
from streams.market.councils.decisions import Decisions
from streams.market.councils.sums import Sums
from streams.market.councils.tree import Tree
from streams.market.councils.withholding import Withholding


class WaitingLine(NamedTuple):
    """
    A council's line of a product that waits for signatures. Public.

    Attributes:
        quantity: what is asked for; None where it is withheld.
        people: how many ask; None where it is withheld.
        threshold: up to which it would pass by itself.
        approved_by: signers whose approval goes as far as what is asked now.
        vetoed_by: signers who vetoed; as many as `needed` take the line out.
        needed: how many signatures a decision takes.
        missing: how many approvals it still takes; at least 1.
    """

    period: Period
    product_id: str
    council_id: str
    level: Level
    quantity: Decimal | None
    people: int | None
    threshold: Decimal
    approved_by: tuple[str, ...]
    vetoed_by: tuple[str, ...]
    needed: int
    missing: int


class PublicRows:
    """The rows of one product's sums in one period, on one side."""

    __slots__ = ("_decisions", "_rows", "_sums", "_tree", "_withholding")

    def __init__(
        self,
        tree: Tree,
        sums: Sums,
        decisions: Decisions,
        withholding: Withholding | None,
    ) -> None:
        self._tree = tree
        self._sums = sums
        self._decisions = decisions
        self._withholding = withholding
        self._rows: dict[str, CouncilRow] = {}

    def restore(self, row: CouncilRow) -> None:
        """Take note of the newest row that has been written."""
        self._rows[row.council_id] = row
        self._sums.cell(row.council_id)

    def protect(self, withholding: Withholding) -> None:
        """Withhold by another rule; all councils have to be looked at again."""
        self._withholding = withholding
        self._sums.touched.update(self._sums.cells)

    def guard(self, touched: set[str]) -> set[str]:
        """
        Withhold what has to be, after the sums of some councils changed.

        Returns:
            Other councils that are withheld, or shown, from now on.
        """
        if self._withholding is None:
            return set()
        return self._withholding.update(touched)

    def changes(self, looked_at: set[str], now: datetime) -> list[CouncilRow]:
        """
        Return the rows that differ from those written last, by the councils' names.

        After calling this method: write them. They are not returned again.

        Args:
            looked_at: councils whose row may differ; guarded.
            now: when the board says so.
        """
        rows = []
        for council_id in sorted(looked_at):
            if council_id not in self._tree.councils:
                continue
            before = self._rows.get(council_id)
            row = self._row(council_id, before, now)
            if row != before and (before is not None or self._says_something(row)):
                self._rows[council_id] = row
                rows.append(row)
        return rows

    def waiting(self) -> list[WaitingLine]:
        """Return what waits for signatures; guarded."""
        product_id, period = self._sums.key
        waiting = []
        for council_id in sorted(self._decisions.stopping):
            council = self._tree.councils[council_id]
            if council.threshold is None or council_id in self._sums.vetoed:
                continue
            quantity, people = self._shown(council_id)
            ballot = self._decisions.ballots.get(council_id)
            approved_by: tuple[str, ...] = ()
            vetoed_by: tuple[str, ...] = ()
            if ballot is not None:
                asked = self._sums.cells[council_id].quantity
                approved_by = ballot.approving(council, asked)
                vetoed_by = ballot.vetoing(council)
            waiting.append(
                WaitingLine(
                    period=period,
                    product_id=product_id,
                    council_id=council_id,
                    level=council.level,
                    quantity=quantity,
                    people=people,
                    threshold=council.threshold,
                    approved_by=approved_by,
                    vetoed_by=vetoed_by,
                    needed=council.signatures,
                    missing=council.signatures - len(approved_by),
                )
            )
        return waiting

    # Private

    def _row(
        self, council_id: str, before: CouncilRow | None, now: datetime
    ) -> CouncilRow:
        product_id, period = self._sums.key
        council = self._tree.councils[council_id]
        quantity, people = self._shown(council_id)
        ballot = self._decisions.ballots.get(council_id)
        signatures = 0
        if ballot is not None:
            asked = self._sums.cells[council_id].quantity
            signatures = len(ballot.approving(council, asked))
        row = CouncilRow(
            product_id=product_id,
            period=period,
            council_id=council_id,
            level=council.level,
            parent_id=council.parent_id,
            quantity=quantity,
            people=people,
            status=self._decisions.status(council_id),
            signatures=signatures,
            needed=council.signatures,
        )
        if before is None:
            return msgspec.structs.replace(row, sequence=1, occurred_at=now)
        # What says the same is the same row: number and time do not count.
        same = msgspec.structs.replace(
            row, sequence=before.sequence, occurred_at=before.occurred_at
        )
        if same == before:
            return before
        return msgspec.structs.replace(
            row, sequence=before.sequence + 1, occurred_at=now
        )

    def _shown(self, council_id: str) -> tuple[Decimal | None, int | None]:
        if self._withholding is not None and self._withholding.withholds(council_id):
            return None, None
        cell = self._sums.cells[council_id]
        return cell.quantity, self._sums.people(council_id)

    @staticmethod
    def _says_something(row: CouncilRow) -> bool:
        return row.people != 0 or row.status != "passes" or row.signatures > 0
