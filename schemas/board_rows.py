"""
PURE. The rows that the board keeps: rounds, and councils' sums.

They lie in the feed's log beside the market's rows and are what the channels `rounds`
and `councils` show. Everything in them is public: no consumer is named, and a sum of
fewer people than the period's `people_least` is withheld.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from schemas.agenda import Level
from schemas.rows import Row
from schemas.values import Identifier, Period

EVERY_PRODUCT: Final = "*"
"""The product_id of a row that is about all products of a period."""

Phase = Literal["planning", "closed", "trading", "settled"]

AGENDA_POSITION: Final = "agenda"
"""Among a round's positions: what lies there or later in the agenda was said of this
round, or of one that followed."""


def bids_position(partition: int) -> str:
    """
    Return the key of a partition of `bids` among a round's positions.

    Not a bare number: JavaScript puts such keys before all others, and the row's text,
    of which checksums are made, would be another one.
    """
    return f"bids-{partition}"


MAX_NAMED: Final = 100
"""Companies that a row names; beyond it the counts tell how many there are."""


class RoundRow(Row, frozen=True, kw_only=True, tag_field="type", tag="round"):
    """
    A round of a period's planning. Key: [product_id, period, "round", round].

    Attributes:
        product_id: always `*`.
        sequence: counts the versions of this row.
        phase: of the period, as far as this round knows: the newest round's counts.
        opened_at: when its prices were announced.
        deadline: until when it waits for those who must answer.
        closes_at: when the gate closes.
        products: planned in the period.
        within_1, within_3, within_5: products whose |imbalance| is below so many
            percent.
        worst_percent: the greatest |imbalance| of a product that is not flagged, in
            percent; None before there are answers.
        worst_product_id: whose it is.
        forecast_percent: the greatest |imbalance| that the rule expected; None where
            it expected nothing.
        method: how most prices were found; see PriceAnnounced.
        alarm: whether the stability alarm is raised.
        expected: lines that a person must answer for.
        answered: those that were answered for.
        prices_stand: whether they became the planned prices.
        reason: why the round was announced.
        excluded: companies without a bid at the gate that had one before (IRB-1).
        priced_out: companies whose least price lies above the planned price (P-10).
        excluded_count, priced_out_count: how many there are.
        denied: plan lines that the planned prices deny.
        denied_budget: what they would have cost at the price they were planned at.
        moved_budget: the part of it that goes to unplanned cards.
        positions: by `bids-` and the partition, the offset in `bids` up to which the
            round's answers are complete; and by `agenda` the agenda's next offset when
            the round was announced.
    """

    product_id: Identifier = EVERY_PRODUCT
    period: Period
    round: int
    sequence: int = 0
    phase: Phase = "planning"
    occurred_at: datetime | None = None
    opened_at: datetime | None = None
    deadline: datetime | None = None
    closes_at: datetime | None = None
    products: int = 0
    within_1: int = 0
    within_3: int = 0
    within_5: int = 0
    worst_percent: Decimal | None = None
    worst_product_id: str | None = None
    forecast_percent: Decimal | None = None
    method: str = "opening"
    alarm: bool = False
    expected: int = 0
    answered: int = 0
    prices_stand: bool = False
    reason: str = ""
    excluded: tuple[str, ...] = ()
    excluded_count: int = 0
    priced_out: tuple[str, ...] = ()
    priced_out_count: int = 0
    denied: int = 0
    denied_budget: Decimal = Decimal(0)
    moved_budget: Decimal = Decimal(0)
    positions: dict[str, int] = msgspec.field(default_factory=dict)


class CouncilRow(Row, frozen=True, kw_only=True, tag_field="type", tag="council"):
    """
    A council's line of a product. Key: [product_id, period, "council", council_id].

    Attributes:
        sequence: counts the versions of this row.
        level: of the council.
        quantity: the sum of all lines below it; None where it is withheld.
        people: how many lines' parties that are; None where it is withheld.
        status: `passes` below the threshold, `waits` for signatures, or what was
            decided. A line that waits does not count in D.
        signatures: how many approve; `needed`: how many it takes.
    """

    product_id: Identifier
    period: Period
    council_id: Identifier
    sequence: int = 0
    occurred_at: datetime | None = None
    level: Level
    parent_id: str | None = None
    quantity: Decimal | None = None
    people: int | None = None
    status: Literal["passes", "waits", "approved", "vetoed"] = "passes"
    signatures: int = 0
    needed: int = 0
