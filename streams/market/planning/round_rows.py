"""
PURE. Rounds as everybody sees them: the rows of the channel `rounds`.

A row has one version per change and counts them; its figures are those of the round's
answers so far, and at the gate what became of everybody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.board_rows import AGENDA_POSITION, RoundRow
from schemas.planning import PriceAnnounced
from schemas.values import Period
from streams.market.planning.announcing import moment, percent_of
from streams.market.planning.book import Book
from streams.market.planning.course import Told
from streams.market.planning.outcome import Outcome, named
from streams.market.planning.period import PeriodPlan


class Figures(NamedTuple):
    """
    What a round's answers come to.

    Attributes:
        within: products whose |imbalance| is below 1, 3 and 5 percent.
        worst_percent: the greatest |imbalance| of a product that is not flagged.
        worst_product_id: whose it is; the first by name.
    """

    within: tuple[int, int, int] = (0, 0, 0)
    worst_percent: float | None = None
    worst_product_id: str | None = None


def figures_of(book: Book, flagged: frozenset[str]) -> Figures:
    """
    Return what the answers in the book come to.

    Args:
        book: of the period.
        flagged: products that cannot be balanced: nobody bids, or nobody wants them.
    """
    worst, worst_of = None, None
    below = [0, 0, 0]
    for product_id in book.products:
        supply, demand = map(float, book.sums(product_id))
        total = supply + demand
        size = abs(200 * (supply - demand) / total) if total else 0.0
        for n, limit in enumerate((1.0, 3.0, 5.0)):
            below[n] += size < limit and total > 0
        if total and product_id not in flagged and (worst is None or size > worst):
            worst, worst_of = size, product_id
    return Figures((below[0], below[1], below[2]), worst, worst_of)


def opened_row(
    plan: PeriodPlan,
    announced: Sequence[PriceAnnounced],
    *,
    alarm: bool,
    reason: str,
    agenda: int,
) -> RoundRow:
    """
    Return the first version of a round's row.

    Args:
        plan: already in that round.
        announced: its prices.
        alarm: whether the stability alarm is raised.
        reason: why it was announced.
        agenda: next offset of the agenda.
    """
    forecasts = [
        abs(one.forecast_percent)
        for one in announced
        if one.forecast_percent is not None and not one.flags
    ]
    methods = Counter(one.method for one in announced)
    return RoundRow(
        period=Period(plan.period),
        round=plan.round,
        sequence=1,
        occurred_at=moment(plan.opened_at),
        opened_at=moment(plan.opened_at),
        deadline=None if plan.deadline is None else moment(plan.deadline),
        closes_at=None if plan.closes_at is None else moment(plan.closes_at),
        products=len(plan.prices),
        forecast_percent=+max(forecasts) if forecasts else None,
        method=max(methods, key=lambda method: (methods[method], method)),
        alarm=alarm,
        reason=reason,
        positions={AGENDA_POSITION: agenda},
    )


def answered_row(
    row: RoundRow,
    plan: PeriodPlan,
    told: Told,
    figures: Figures,
    positions: Mapping[str, int],
    now: float,
) -> RoundRow:
    """Return the row with the answers so far; the same row if nothing has changed."""
    worst = figures.worst_percent
    following = msgspec.structs.replace(
        row,
        closes_at=None if plan.closes_at is None else moment(plan.closes_at),
        within_1=figures.within[0],
        within_3=figures.within[1],
        within_5=figures.within[2],
        worst_percent=None if worst is None else percent_of(worst),
        worst_product_id=figures.worst_product_id,
        expected=told.expected,
        answered=told.answered,
        alarm=row.alarm or bool(plan.waits_for),
        reason=plan.waits_for or row.reason,
        positions={
            AGENDA_POSITION: row.positions.get(AGENDA_POSITION, 0),
            **positions,
        },
    )
    if following == row:
        return row
    return msgspec.structs.replace(
        following, sequence=row.sequence + 1, occurred_at=moment(now)
    )


def closed_row(row: RoundRow, reason: str, of: Outcome, now: float) -> RoundRow:
    """Return the last version of the last round's row: the prices stand."""
    return msgspec.structs.replace(
        row,
        sequence=row.sequence + 1,
        phase="closed",
        occurred_at=moment(now),
        prices_stand=True,
        reason=reason,
        excluded=named(of.excluded),
        excluded_count=len(of.excluded),
        priced_out=named(of.priced_out),
        priced_out_count=len(of.priced_out),
        denied=of.denied,
        denied_budget=plainly(of.denied_budget),
        moved_budget=plainly(of.moved_budget),
    )


def plainly(amount: Decimal) -> Decimal:
    """Return money to six decimal places: a quantity times a price may have twelve."""
    return amount.quantize(Decimal("0.000001")).normalize() + Decimal(0)
