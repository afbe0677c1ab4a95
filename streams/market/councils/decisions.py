"""
PURE. Whether lines count: what every council on a line's way up says, put together.

A line counts if each council from its own up to the highest passes or has approved
its line of the product. What the workers were told is compared with what holds now,
and only what differs is said: so it does not matter how often or when one asks, and a
restart that begins with what was said goes on from there.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.planning import CouncilDecided
from schemas.rows import ZERO
from streams.market.councils.signatures import Ballot, Status, status_of
from streams.market.councils.sums import Sums
from streams.market.councils.tree import Tree
from streams.market.planning.event_ids import event_id

PASSED = "every council above passes or has approved it"


class _Said(NamedTuple):
    # The newest decision that the workers were told, with its revision.
    counts: bool
    revision: int


# Until the first decision lines count (CouncilDecided).
_NOTHING_SAID = _Said(counts=True, revision=0)


class Decisions:
    """
    The decisions on one product's lines in one period, on one side.

    Attributes:
        ballots: by council, where anybody has signed. Read only.
        stopping: councils whose line waits or is vetoed, as of `settle`. Read only.
    """

    __slots__ = ("_review", "_said", "_sums", "_tree", "ballots", "stopping")

    def __init__(self, tree: Tree, sums: Sums) -> None:
        self.ballots: dict[str, Ballot] = {}
        self.stopping: set[str] = set()
        self._tree = tree
        self._sums = sums
        self._said: dict[str, _Said] = {}
        self._review: set[str] = set()

    def sign(self, council: CouncilFormed, event: CouncilSigned) -> None:
        """
        Count a signature.

        Raises:
            Refused: if it cannot count; nothing has changed then.
        """
        ballot = self.ballots.get(council.council_id) or Ballot()
        ballot.sign(council, event)
        self.ballots[council.council_id] = ballot
        self._apply(council.council_id, ballot)

    def reform(self, council: CouncilFormed) -> None:
        """Apply a council's changed rules to its line."""
        ballot = self.ballots.get(council.council_id)
        if ballot is not None:
            ballot.count(council)
            self._apply(council.council_id, ballot)
        self._sums.touched.add(council.council_id)

    def told(self, council_id: str, counts: bool, revision: int) -> None:
        """Take note of a decision that the workers know."""
        said = _Said(counts, revision)
        if revision >= self._said.get(council_id, _NOTHING_SAID).revision:
            self._said[council_id] = said
            self._sums.know(council_id)
            self._review.add(council_id)

    def status(self, council_id: str) -> Status:
        """Return how a formed council's line stands."""
        cell = self._sums.cells.get(council_id)
        return status_of(
            self._tree.councils[council_id],
            self.ballots.get(council_id),
            ZERO if cell is None else cell.quantity,
        )

    def settle(self) -> set[str]:
        """
        Find out what the changed sums stop or let pass.

        Returns:
            The councils whose line changed in any way.
        """
        sums, formed, stopping = self._sums, self._tree.councils, self.stopping
        touched, self._sums.touched = sums.touched, set()
        self._review |= sums.rebuilt
        sums.rebuilt.clear()
        for council_id in touched:
            if council_id not in formed:
                continue
            stops = self.status(council_id) in ("waits", "vetoed")
            if stops != (council_id in stopping):
                self._review.add(council_id)
                if stops:
                    stopping.add(council_id)
                else:
                    stopping.remove(council_id)
        return touched

    def changes(self, now: datetime) -> list[CouncilDecided]:
        """
        Return what the workers have to be told, in the order of the councils' names.

        After calling this method: tell them. It is not returned again.
        """
        product_id, period = self._sums.key
        decisions = []
        for council_id in sorted(self._councils_with_lines()):
            said = self._said.get(council_id, _NOTHING_SAID)
            stop = self._stop_above(council_id)
            if said.counts == (stop is None):
                continue
            said = _Said(stop is None, said.revision + 1)
            self._said[council_id] = said
            decisions.append(
                CouncilDecided(
                    event_id=event_id(
                        "decision", said.revision, period, product_id, council_id
                    ),
                    product_id=product_id,
                    occurred_at=now,
                    council_id=council_id,
                    period=period,
                    counts=said.counts,
                    revision=said.revision,
                    reason=PASSED if stop is None else self._reason(stop),
                )
            )
        self._review.clear()
        return decisions

    # Private

    def _apply(self, council_id: str, ballot: Ballot) -> None:
        sums = self._sums
        if ballot.is_vetoed and council_id not in sums.vetoed:
            sums.veto(council_id)
        sums.cell(council_id)
        sums.touched.add(council_id)

    def _councils_with_lines(self) -> Iterator[str]:
        # Those to look at again, and all below them; each once.
        cells, children, formed = (
            self._sums.cells,
            self._tree.children,
            self._tree.councils,
        )
        waiting, seen = list(self._review), set(self._review)
        while waiting:
            council_id = waiting.pop()
            cell = cells.get(council_id)
            if cell is None:
                continue
            if council_id in formed and (cell.own_lines or council_id in self._said):
                yield council_id
            below = children.get(council_id)
            if below:
                fresh = below - seen
                seen |= fresh
                waiting += fresh

    def _stop_above(self, council_id: str) -> str | None:
        # A veto is named before what only waits, and the lowest of each.
        stops = [
            above for above in self._tree.path(council_id) if above in self.stopping
        ]
        if not stops:
            return None
        return next((stop for stop in stops if stop in self._sums.vetoed), stops[0])

    def _reason(self, council_id: str) -> str:
        # No quantity: it may be one that is withheld. No signer, and none of their
        # words, which are for the council.
        council = self._tree.councils[council_id]
        if council_id in self._sums.vetoed:
            return f"vetoed by the {council.level} {council_id}"
        return (
            f"waits for signatures of the {council.level} {council_id}: more is asked "
            "for than it lets pass or has approved"
        )
