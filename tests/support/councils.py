"""
Councils and lines for tests: builders with defaults, and a second account of the law.

`Account` counts everything anew from what was said, level by level, the slow way.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.board_rows import CouncilRow
from schemas.errors import Refused
from schemas.planning import CouncilDecided
from schemas.rows import Line
from schemas.values import Period, PositiveQuantity, Quantity
from streams.market.councils.councils import Councils

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WEEK = Period("2026-W02")

AgendaEvent = CouncilFormed | CouncilSigned


def formed(council_id: str, level: str = "neighbourhood", **changed: Any):
    threshold = changed.pop("threshold", None)
    return CouncilFormed(
        **{
            "event_id": f"council-{council_id}",
            "occurred_at": NOW,
            "council_id": council_id,
            "level": level,
            "signers": ("kim", "lee", "max"),
            "signatures": 2,
            "threshold": None if threshold is None else Quantity(str(threshold)),
            **changed,
        }
    )


def signed(council_id: str, signer_id: str, vote: str = "approve", **changed: Any):
    quantity = changed.pop("quantity", None)
    return CouncilSigned(
        **{
            "event_id": f"sign-{council_id}-{signer_id}",
            "occurred_at": NOW,
            "council_id": council_id,
            "signer_id": signer_id,
            "vote": vote,
            "period": WEEK,
            "product_id": "milk",
            "quantity": None if quantity is None else PositiveQuantity(str(quantity)),
            **changed,
        }
    )


def wanted(party_id: str, council_id: str | None, quantity: Any, **changed: Any):
    return Line(
        **{
            "kind": "plan",
            "product_id": "milk",
            "period": WEEK,
            "party_id": party_id,
            "council_id": council_id,
            "quantity": Decimal(quantity),
            "amount": Decimal(quantity),
            "revision": 0,
            **changed,
        }
    )


def decided(council_id: str, counts: bool, revision: int, **changed: Any) -> Line:
    """The line that the workers make of a decision."""
    return wanted(
        council_id,
        None,
        0,
        kind="decision",
        amount=Decimal(counts),
        revision=revision,
        **changed,
    )


def priced(price: Any, round_: int, **changed: Any) -> Line:
    return wanted(
        "board",
        None,
        0,
        kind="announced_price",
        amount=Decimal(price),
        revision=round_,
        round=round_,
        **changed,
    )


def with_events(*events: AgendaEvent | Line, **kwargs: Any) -> Councils:
    """Councils that were told all this and refused none of it."""
    councils = Councils(**kwargs)
    assert tell(councils, events) == []
    return councils


def tell(councils: Councils, events: Iterable[AgendaEvent | Line]) -> list[str]:
    """Say everything, and return the codes of what was refused."""
    codes = []
    for event in events:
        try:
            if isinstance(event, CouncilFormed):
                councils.form(event)
            elif isinstance(event, CouncilSigned):
                councils.sign(event)
            else:
                councils.put(event)
        except Refused as refused:
            codes.append(refused.code)
    return codes


def rows_of(councils: Councils) -> dict[str, CouncilRow]:
    """The changed rows by council, where there is one product."""
    return {row.council_id: row for row in councils.rows(NOW)}


def counts_of(decisions: Sequence[CouncilDecided]) -> dict[str, bool]:
    return {decision.council_id: decision.counts for decision in decisions}


class Account:
    """
    The second account of one product and period on one side.

    Attributes:
        said: what was accepted, agenda events in their order.
        lines: the newest line of each party.
    """

    def __init__(self, said: Iterable[AgendaEvent], lines: Iterable[Line]) -> None:
        self.councils: dict[str, CouncilFormed] = {}
        self.lines = list(lines)
        self.vetoed: set[str] = set()
        self.approved: dict[str, Decimal] = {}
        votes: dict[str, list[CouncilSigned]] = defaultdict(list)
        for event in said:
            if isinstance(event, CouncilFormed):
                self.councils[event.council_id] = event
            else:
                votes[event.council_id].append(event)
            self._count(self.councils[event.council_id], votes[event.council_id])

    def _count(self, council: CouncilFormed, votes: list[CouncilSigned]) -> None:
        name, k = council.council_id, council.signatures
        if name in self.vetoed or not k:
            return
        votes = [vote for vote in votes if vote.signer_id in council.signers]
        against = {vote.signer_id for vote in votes if vote.vote == "veto"}
        if len(against) >= k and name not in self.approved:
            self.vetoed.add(name)
            return
        limits = [
            vote.quantity or Decimal("inf") for vote in votes if vote.vote == "approve"
        ]
        for limit in limits:
            as_far = {
                vote.signer_id
                for vote in votes
                if vote.vote == "approve" and (vote.quantity or limit) >= limit
            }
            if len(as_far) >= k:
                self.approved[name] = max(limit, self.approved.get(name, limit))

    def parent(self, council_id: str) -> str | None:
        council = self.councils.get(council_id)
        parent_id = None if council is None else council.parent_id
        return parent_id if parent_id in self.councils else None

    def path(self, council_id: str | None) -> list[str]:
        path = []
        while council_id is not None:
            path.append(council_id)
            council_id = self.parent(council_id)
        return path

    def asks(self, council_id: str) -> list[Line]:
        """The lines in a council's sum."""
        found = []
        for line in self.lines:
            path = self.path(line.council_id)
            if council_id in path and line.quantity:
                below = path[: path.index(council_id)]
                if not self.vetoed.intersection(below):
                    found.append(line)
        return found

    def quantity(self, council_id: str) -> Decimal:
        return sum((line.quantity for line in self.asks(council_id)), Decimal(0))

    def people(self, council_id: str) -> int:
        return len({line.party_id for line in self.asks(council_id)})

    def status(self, council_id: str) -> str:
        threshold = self.councils[council_id].threshold
        quantity = self.quantity(council_id)
        if council_id in self.vetoed:
            return "vetoed"
        if threshold is None or quantity <= threshold:
            return "passes"
        return "approved" if quantity <= self.approved.get(council_id, 0) else "waits"

    def counts(self, council_id: str) -> bool:
        return all(
            self.status(above) in ("passes", "approved")
            for above in self.path(council_id)
            if above in self.councils
        )

    def children(self, council_id: str | None) -> list[str]:
        """The councils whose sums are part of a council's, or of the total."""
        return [
            child
            for child in self.councils
            if self.parent(child) == council_id and child not in self.vetoed
        ]

    def own_people(self, council_id: str) -> int:
        """People whose lines name the council itself."""
        return len(
            {
                line.party_id
                for line in self.lines
                if line.council_id == council_id and line.quantity
            }
        )
