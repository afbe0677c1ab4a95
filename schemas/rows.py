"""
PURE. The rows that the workers keep: what is true of a product in a period.

A `MarketRow` is a whole: supply, demand, price, rolling figures, and the positions
of the source topics up to which it is complete. It is the record of the `market`
topic and, byte for byte, the row of the feed. Sums are exact decimals. Fields are
only ever added, at the end and with defaults.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from schemas.values import Identifier, Period, Revision

ZERO = Decimal(0)

LineKind = Literal[
    "bid",
    "plan",
    "price",
    "announced_price",
    "indicative_price",
    "planned_price",
    "decision",
    "period",
    "closing",
]

Colour = Literal["blue", "green", "yellow", "orange", "red"]


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    Base of all rows: frozen, by keyword, unknown fields ignored when read.

    Rows are trees, so the garbage collector need not look for cycles in them.
    """


class Amount(Row, frozen=True, kw_only=True):
    """Units and the money paid for them."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO


class Supply(Row, frozen=True, kw_only=True):
    """
    Attributes:
        planned: the sum of the standing bids (S), in units.
        produced: what was really made so far, in units.
    """

    planned: Decimal = ZERO
    produced: Decimal = ZERO


class Demand(Row, frozen=True, kw_only=True):
    """
    Attributes:
        planned: the sum of the standing plan lines (D), in units.
        planned_purchases: bought under the plan, before cancellations.
        unplanned_purchases: bought outside of it, before cancellations.
        planned_cancellations, unplanned_cancellations: given back of each.
    """

    planned: Decimal = ZERO
    planned_purchases: Amount = Amount()
    unplanned_purchases: Amount = Amount()
    planned_cancellations: Amount = Amount()
    unplanned_cancellations: Amount = Amount()


class PriceView(Row, frozen=True, kw_only=True):
    """
    Attributes:
        planned: the board's planned price; None before it is announced.
        unplanned: the least unplanned price that any company asks; None if none does.
        unplanned_company: the company that asks it.
        unplanned_mean: what an unplanned unit cost on average in this period.
        difference: unplanned - planned, where both are known.
        announced: the price of the round that runs; None before the first.
        indicative: what the price rule would announce if the round ended now.
    """

    planned: Decimal | None = None
    unplanned: Decimal | None = None
    unplanned_company: str | None = None
    unplanned_mean: Decimal | None = None
    difference: Decimal | None = None
    announced: Decimal | None = None
    indicative: Decimal | None = None


class Planning(Row, frozen=True, kw_only=True):
    """
    Where a product's planning stands.

    Attributes:
        round: whose price is announced; 0 before the first.
        forecast_percent: the imbalance that the board expects at that price.
        flags: `no_bid`, `no_demand`: why the price stays although S and D differ.
        denied: plan lines that the announced or planned price denies, and what they
            wanted in units.
        bids, plans: how many of them add something to S and D.
    """

    round: int = 0
    forecast_percent: Decimal | None = None
    flags: tuple[str, ...] = ()
    denied: int = 0
    denied_quantity: Decimal = ZERO
    bids: int = 0
    plans: int = 0


class Imbalance(Row, frozen=True, kw_only=True):
    """
    How far planned supply and demand lie apart: 200 (S - D) / (S + D).

    Attributes:
        percent: positive when supply is larger, two decimal places.
        colour: of |percent|: blue < 3, green < 5, yellow < 10, orange < 20, else red.
    """

    percent: Decimal
    colour: Colour


class Bucket(Row, frozen=True, kw_only=True, array_like=True):
    """Unplanned purchases of one slice of time: [start, quantity, value]."""

    start: int
    quantity: Decimal
    value: Decimal


class Window(Row, frozen=True, kw_only=True):
    """
    Unplanned purchases of the last minute, hour or day before the newest event.

    Attributes:
        buckets: its slices, oldest first, empty ones left out; `start` in seconds
            since 1970.
    """

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    mean_price: Decimal | None = None
    buckets: tuple[Bucket, ...] = ()


class Rolling(Row, frozen=True, kw_only=True):
    """Unplanned demand as it runs; each window ends at the row's `occurred_at`."""

    minute: Window = Window()
    hour: Window = Window()
    day: Window = Window()


class MarketRow(Row, frozen=True, kw_only=True, tag_field="type", tag="market"):
    """
    A product in a period.

    Attributes:
        sequence: how many events made this row.
        positions: offset of the last event folded into it, by source topic; the
            partition is the row's own.
        occurred_at: time of the newest event in it, at the event's origin; the
            board's own do not count, which have the board's clock.
        received_at: when the newest of its events reached Kafka.
    """

    product_id: Identifier
    period: Period
    sequence: int = 0
    positions: dict[str, int] = {}
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    supply: Supply = Supply()
    demand: Demand = Demand()
    price: PriceView = PriceView()
    imbalance: Imbalance | None = None
    rolling: Rolling = Rolling()
    planning: Planning = Planning()


class Terms(Row, frozen=True, kw_only=True):
    """
    What a line says beside its quantity: see BidPlaced and PlanSubmitted.

    Attributes:
        limit: the greatest price of a plan line, the least of a bid.
        schedule: (price, quantity) points.
        confirmed: members of a joint bid that have confirmed this revision.
    """

    limit: Decimal | None = None
    least_quantity: Decimal | None = None
    schedule: tuple[tuple[Decimal, Decimal], ...] = ()
    priority: int = 0
    when_denied: Literal["drop", "use_unplanned"] = "drop"
    is_fixed: bool = False
    members: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    delegate_id: str | None = None


class Line(Row, frozen=True, kw_only=True, tag_field="type", tag="line"):
    """
    What stands for one party until its next revision: a bid, a plan line, a price.

    Private to the workers and the board: it names the party. Kept so that a revision
    can take back exactly what the one before it added, and so that the board sees
    every answer to a round.

    Attributes:
        kind: the tag of the event that made it.
        party_id: the company, the consumer, the council of a decision, or `board`; of
            a closing, the source topic that it cuts.
        amount: units of a bid or plan line at the announced price, as they are in the
            row's sum; money of a price; of a decision 1 if lines count, else 0; of a
            period the microseconds since 1970 at which its gate closes, 0 for never.
        revision: the revision; of a price, microseconds since 1970.
        quantity: of a bid or plan line, as it was handed in; of a period the
            microseconds since 1970 at which the board's first word of it reached Kafka.
        round: that it answers; of an announced price, the round.
        council_id: the consumer's council, or the bid's team.
        for_product_id: of an input, the product of the bid that needs it.
        terms: limits and schedule, where there are any.
        offset: of the record in `bids` that made it, or of the newest confirmation;
            an answer to another price leaves it as it is. Of a closing, of the last
            record of the topic that counts in the period; -1 if none does, and for
            other kinds.
    """

    kind: LineKind
    product_id: Identifier
    period: Period
    party_id: Identifier
    amount: Decimal
    revision: Revision
    quantity: Decimal = ZERO
    round: int = 0
    council_id: Identifier | None = None
    for_product_id: Identifier | None = None
    terms: Terms | None = None
    offset: int = -1


class RejectedRecord(Row, frozen=True, kw_only=True, tag_field="type", tag="rejected"):
    """
    A record that was refused, as it was.

    Attributes:
        code: why; a key of schemas.errors.REFUSALS.
        detail: the field or value at fault.
        topic, partition, offset: where the record lies.
        value: the record's first 16 KiB (base64 in JSON); more is no event.
    """

    code: str
    detail: str
    topic: str
    partition: int
    offset: int
    value: bytes
    event_id: str | None = None
