"""
PURE. The councils as the board holds them: what goes in, and what comes out.

In go, in any order among each other: the agenda's `CouncilFormed` and `CouncilSigned`
in the order of their topic, and every `Line` of the topic `lines`. Out come decisions
(for the workers), rows (for everybody) and what waits (for those who sign). What comes
out follows from what went in and not from when; docs/decisions/councils.md has the
rules.

After a restart, put everything in again and then ask: lines of kind `decision` and
`restore` say what had been written before, so that only what differs comes out.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.agenda import CouncilFormed, CouncilSigned, Level
from schemas.board_rows import CouncilRow
from schemas.planning import CouncilDecided
from schemas.rows import Line
from schemas.values import Period

PEOPLE_LEAST: Final = 5
"""Public sums of fewer people are withheld (ECONOMICS, Planning: k = 5, a choice);
`PeriodOpened.people_least` says otherwise for its period."""


class WaitingLine(NamedTuple):
    """
    A council's line of a product that waits for signatures. Public.

    Attributes:
        quantity: what is asked for; None where it is withheld.
        people: how many ask; None where it is withheld.
        threshold: up to which it would pass by itself.
        approved_by: signers whose approval goes as far as what is asked now.
        vetoed_by: signers who vetoed; as many as `needed` take the line out.
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


class Councils:
    """The trees of consumers' and producers' councils, their sums and signatures."""

    # What goes in

    def form(self, event: CouncilFormed) -> None:
        """
        Form a council, or replace an earlier revision of it.

        Raises:
            Refused: `stale_revision`; `invalid_field` where it does not fit the tree
                or could never decide. Nothing has changed then.
        """
        raise NotImplementedError

    def sign(self, event: CouncilSigned) -> None:
        """
        Count a signature. The caller has checked that the period is being planned.

        Raises:
            Refused: `unknown_council`, `not_a_signer`, `already_signed`,
                `already_decided`. Nothing has changed then.
        """
        raise NotImplementedError

    def put(self, line: Line) -> None:
        """
        Take a line of the topic `lines`, of any kind; it replaces its party's earlier.

        Bids and plan lines are summed, announced prices answer lines with terms, and
        decisions say what the workers know already; other kinds change nothing.
        """
        raise NotImplementedError

    def protect(self, period: Period, people_least: int) -> None:
        """Say under how many people a period's public sums are withheld."""
        raise NotImplementedError

    def restore(self, row: CouncilRow) -> None:
        """Say which row lies in the feed's log already. Call it before `rows`."""
        raise NotImplementedError

    def forget(self, period: Period) -> None:
        """Drop what is known of a period that nobody asks about any more."""
        raise NotImplementedError

    # What comes out

    def decisions(self, now: datetime) -> Sequence[CouncilDecided]:
        """
        Return what changed since the last call: whether a council's lines count.

        After calling this method: write them all; they are not returned again. In
        the order of period, product and council.
        """
        raise NotImplementedError

    def rows(self, now: datetime) -> Sequence[CouncilRow]:
        """
        Return the public rows that changed since the last call.

        After calling this method: write them all; they are not returned again.
        """
        raise NotImplementedError

    def waits(self, period: Period | None = None) -> list[WaitingLine]:
        """Return what waits for signatures, of one period or of all."""
        raise NotImplementedError

    def council(self, council_id: str) -> CouncilFormed | None:
        """Return the council as it stands; None if it was never formed."""
        raise NotImplementedError
