"""
PURE. What stands in the planning of a product and period, and what lines come to.

A line's amount is what it adds to S or D: its answer at the planned price, or else at
the announced one; nothing while its council's lines do not count, or while members of
a joint bid have not confirmed it. The amounts follow from what stands, not from the
order in which it came.
"""

from decimal import Decimal
from typing import NamedTuple, cast

import msgspec

from schemas.rows import ZERO, Line, Terms
from streams.market.terms import Side, answer, denied_quantity

LineKey = tuple[str, str, str, str, str]
"""kind, product_id, period, party_id, for_product_id or empty."""


class Change(NamedTuple):
    """What an event changes in the sums of planning; everything is a difference."""

    supply: Decimal = ZERO
    demand: Decimal = ZERO
    bids: int = 0
    plans: int = 0
    denied: int = 0
    denied_quantity: Decimal = ZERO


class Standing:
    """
    What stands of one product in one period.

    Attributes:
        announced: price of the round that runs; None before the first.
        planned: the planned price that lines answer; None before it is announced.
        is_out: the councils whose lines do not count.
        lines: bids and plan lines.
    """

    __slots__ = ("announced", "is_out", "lines", "planned")

    def __init__(self) -> None:
        self.announced: Decimal | None = None
        self.planned: Decimal | None = None
        self.is_out: set[str] = set()
        self.lines: dict[LineKey, Line] = {}

    @property
    def price(self) -> Decimal | None:
        """The price that lines answer at."""
        return self.announced if self.planned is None else self.planned

    def put(self, key: LineKey, line: Line) -> None:
        """Take a line of any kind but a price over as it was written."""
        match line.kind:
            case "bid" | "plan":
                self.lines[key] = line
            case "announced_price":
                self.announced = line.amount
            case "planned_price":
                # For the rest of a period: the plan stays as it was made, see lines.py.
                limit = None if line.terms is None else line.terms.limit
                self.planned = line.amount if limit is None else limit
            case "decision":
                (self.is_out.discard if line.amount else self.is_out.add)(line.party_id)

    def amount_of(
        self, side: Side, quantity: Decimal, council_id: str | None, terms: Terms | None
    ) -> Decimal:
        """Return what a line adds to S or D."""
        if council_id is not None and council_id in self.is_out:
            return ZERO
        if terms is None:
            return quantity
        if len(terms.confirmed) < len(terms.members):
            return ZERO
        return answer(quantity, terms, side, self.price)

    def denied_of(self, line: Line) -> Decimal:
        """Return the units that a plan line wants and its limits deny it."""
        if line.amount or line.terms is None or line.kind != "plan":
            return ZERO
        if line.council_id is not None and line.council_id in self.is_out:
            return ZERO
        return denied_quantity(line.quantity, line.terms, "plan", self.price)

    def answered(self, line: Line) -> Line:
        """Return the line with the amount that it comes to now; itself if the same."""
        side = cast("Side", line.kind)
        amount = self.amount_of(side, line.quantity, line.council_id, line.terms)
        if amount == line.amount:
            return line
        return msgspec.structs.replace(line, amount=amount)


def change_between(
    side: str,
    before: Decimal,
    after: Decimal,
    denied_before: Decimal = ZERO,
    denied_after: Decimal = ZERO,
) -> Change:
    """
    Return what a line changes in the sums.

    Args:
        side: bid or plan.
        before: the amount of the line that is replaced, 0 if there was none.
        after: the amount of the line that replaces it.
        denied_before: the units that the one before was denied.
        denied_after: the units that this one is denied.
    """
    lines = bool(after) - bool(before)
    if side == "bid":
        return Change(supply=after - before, bids=lines)
    if not denied_before and not denied_after:
        return Change(demand=after - before, plans=lines)
    return Change(
        demand=after - before,
        plans=lines,
        denied=bool(denied_after) - bool(denied_before),
        denied_quantity=denied_after - denied_before,
    )
