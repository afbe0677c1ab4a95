"""
PURE. What became of everybody at the gate: who is left out, priced out, denied.

Companies are named, consumers never: of denied plan lines only the number and the
money are said. Words: docs/economics.md, Planning.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas.board_rows import MAX_NAMED
from schemas.rows import ZERO, Line
from streams.market.planning.book import (
    BID,
    Entry,
    amount_at,
    is_confirmed,
    is_withdrawn,
)
from streams.market.terms import denied_quantity


class Outcome(NamedTuple):
    """
    Attributes:
        excluded: companies that had a bid before and none at the gate (IRB-1).
        priced_out: companies whose least price lies above a planned price (P-10).
        denied: plan lines that a planned price denies.
        denied_budget: what they would have cost when they were planned.
        moved_budget: the part of it that goes to unplanned cards (P-7).
    """

    excluded: list[str]
    priced_out: list[str]
    denied: int
    denied_budget: Decimal
    moved_budget: Decimal


def outcome(
    entries: Iterable[Entry],
    prices: Mapping[int, Mapping[str, Decimal]],
    bid_before: Collection[str],
) -> Outcome:
    """
    Return what became of everybody.

    Args:
        entries: all lines of the period as they stood when its gate closed.
        prices: announced, by round and product; the last round's are the planned ones.
        bid_before: companies that had a bid in the period before.
    """
    last = prices[max(prices)]
    had = set(bid_before)
    have: set[str] = set()
    priced_out: set[str] = set()
    denied = 0
    denied_budget = moved_budget = ZERO
    for entry in entries:
        line = entry.line
        planned = last[line.product_id]
        if line.kind == BID:
            had.add(line.party_id)
            if not is_withdrawn(line) and is_confirmed(line):
                have.add(line.party_id)
                limit = None if line.terms is None else line.terms.limit
                if limit is not None and limit > planned:
                    priced_out.add(line.party_id)
        elif entry.counts and denied_quantity(
            line.quantity, line.terms, "plan", planned
        ):
            denied += 1
            budget = _budget(line, prices[min(entry.first_round, max(prices))])
            denied_budget += budget
            if _moves(line):
                moved_budget += budget
    return Outcome(
        sorted(had - have), sorted(priced_out), denied, denied_budget, moved_budget
    )


def named(companies: list[str]) -> tuple[str, ...]:
    """Return as many of them as a row names."""
    return tuple(companies[:MAX_NAMED])


def _budget(line: Line, prices: Mapping[str, Decimal]) -> Decimal:
    # What was set aside for it: what it wanted at the first price that it answered.
    # A line that this price denied already was never worth more than its limit.
    price = prices[line.product_id]
    wanted = amount_at(line, price)
    if wanted:
        return wanted * price
    limit = None if line.terms is None else line.terms.limit
    return line.quantity * (price if limit is None else min(price, limit))


def _moves(line: Line) -> bool:
    # An input is paid for by its company, which has no cards.
    return (
        line.for_product_id is None
        and line.terms is not None
        and line.terms.when_denied == "use_unplanned"
    )
