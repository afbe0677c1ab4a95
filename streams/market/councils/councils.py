"""
PURE. The councils as the board holds them: what goes in, and what comes out.

In go, in any order among each other: the agenda's `CouncilFormed` and `CouncilSigned`
in the order of their topic, and every `Line` of the topic `lines`. Out come decisions
(for the workers), rows (for everybody) and what waits (for those who sign). What comes
out follows from what went in and not from when; docs/decisions/councils.md has the
rules.

After a restart, put everything in again and only then ask, since half the lines may be
below a threshold that all are above: lines of kind `decision` and
`restore` say what had been written before, so that only what differs comes out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.board_rows import CouncilRow
from schemas.errors import Refused
from schemas.planning import CouncilDecided
from schemas.rows import Line
from schemas.values import Period
from streams.market.councils.public import WaitingLine
from streams.market.councils.side import SideCouncils
from streams.market.councils.sums import Key
from streams.market.councils.tree import SIDE_OF, Side

PEOPLE_LEAST: Final = 5
"""Public sums of fewer people are withheld (ECONOMICS, Planning: k = 5, a choice);
`PeriodOpened.people_least` says otherwise for its period."""

_SIDE_OF_LINE: Final[dict[str, Side]] = {"plan": "consumers", "bid": "producers"}

_Out = TypeVar("_Out")


class Councils:
    """The trees of consumers' and producers' councils, their sums and signatures."""

    def __init__(self, people_least: int = PEOPLE_LEAST) -> None:
        """
        Args:
            people_least: under which consumers' public sums are withheld, in periods
                for which `protect` says nothing else.
        """
        self._sides: dict[Side, SideCouncils] = {
            side: SideCouncils(side, people_least)
            for side in ("consumers", "producers")
        }
        # The announced price and its round, by product and period.
        self._prices: dict[Key, tuple[int, Decimal]] = {}

    # What goes in

    def form(self, event: CouncilFormed) -> None:
        """
        Form a council, or replace an earlier revision of it.

        Its parent may be formed later; until then it is the highest on its way. Its
        level may lie more than one below its parent's.

        Raises:
            Refused: `stale_revision`; `invalid_field` where it does not fit the tree
                or could never decide. Nothing has changed then.
        """
        side = SIDE_OF[event.level]
        other = self._sides["producers" if side == "consumers" else "consumers"]
        for field, name in (
            ("level", event.council_id),
            ("parent_id", event.parent_id),
        ):
            if name is not None and other.tree.knows(name):
                raise Refused(
                    "invalid_field",
                    f"{field}: {name} is a name on the {other.tree.side}' side, where "
                    f"no {event.level} is; choose another name",
                )
        self._sides[side].form(event)

    def sign(self, event: CouncilSigned) -> None:
        """
        Count a signature. The caller has checked that the period is being planned.

        One may sign ahead of the lines: what is asked plays no part in whether a
        signature is taken.

        Raises:
            Refused: `unknown_council`, `not_a_signer`, `already_signed`,
                `already_decided`; the last also where the council lets pass what is
                approved without a signature. Nothing has changed then.
        """
        producers = self._sides["producers"]
        side = (
            producers
            if event.council_id in producers.tree.councils
            else self._sides["consumers"]
        )
        side.sign(event, self._price((event.product_id, event.period)))

    def put(self, line: Line) -> None:
        """
        Take a line of the topic `lines`, of any kind; it replaces its party's earlier.

        Bids and plan lines are summed, announced prices answer lines with terms, and
        decisions say what the workers know already; other kinds change nothing.
        """
        key = (line.product_id, line.period)
        side = _SIDE_OF_LINE.get(line.kind)
        if side is not None:
            self._sides[side].put(line, self._price(key))
        elif line.kind == "announced_price":
            self.price(line.product_id, line.period, line.round, line.amount)
        elif line.kind == "decision":
            # Whose council that is, may be said later: the other side never asks.
            for told in self._sides.values():
                told.told(line, self._price(key))

    def price(
        self, product_id: str, period: Period, round_: int, price: Decimal
    ) -> None:
        """Take a round's announced price; one of an earlier round changes nothing."""
        key = (product_id, period)
        if round_ < self._prices.get(key, (0, None))[0]:
            return
        self._prices[key] = (round_, price)
        for side in self._sides.values():
            side.reprice(key, price)

    def protect(self, period: Period, people_least: int) -> None:
        """Say under how many people a period's public sums are withheld."""
        for side in self._sides.values():
            side.protect(period, people_least)

    def restore(self, row: CouncilRow) -> None:
        """Say which row lies in the feed's log already. Call it before `rows`."""
        side = self._sides[SIDE_OF[row.level]]
        side.restore(row, self._price((row.product_id, row.period)))

    def forget(self, period: Period) -> None:
        """Drop what is known of a period that nobody asks about any more."""
        for side in self._sides.values():
            side.forget(period)
        for key in [key for key in self._prices if key[1] == period]:
            del self._prices[key]

    # What comes out

    def decisions(self, now: datetime) -> Sequence[CouncilDecided]:
        """
        Return what changed since the last call: whether a council's lines count.

        After calling this method: write them all; they are not returned again. In
        the order of period, product and council, consumers' first.
        """
        return _in_order(side.decisions(now) for side in self._sides.values())

    def rows(self, now: datetime) -> Sequence[CouncilRow]:
        """
        Return the public rows that changed since the last call.

        After calling this method: write them all; they are not returned again. Their
        order is that of the decisions.
        """
        return _in_order(side.rows(now) for side in self._sides.values())

    def waits(self, period: Period | None = None) -> Sequence[WaitingLine]:
        """Return what waits for signatures, of one period or of all."""
        return _in_order(side.waits(period) for side in self._sides.values())

    def council(self, council_id: str) -> CouncilFormed | None:
        """Return the council as it stands; None if it was never formed."""
        for side in self._sides.values():
            council = side.tree.councils.get(council_id)
            if council is not None:
                return council
        return None

    # Private

    def _price(self, key: Key) -> Decimal | None:
        known = self._prices.get(key)
        return None if known is None else known[1]


def _in_order(found: Iterable[Mapping[Key, Iterable[_Out]]]) -> list[_Out]:
    # By period, then product; the parts of one product come in order.
    by_key = [(key, parts) for side in found for key, parts in side.items()]
    by_key.sort(key=lambda item: (item[0][1], item[0][0]))
    return [part for _, parts in by_key for part in parts]
