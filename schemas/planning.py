"""
PURE. The events of planning: what is bid and wanted, and what the board answers.

Bids, plan lines and confirmations come from their parties; prices, decisions and the
period's times come from the board alone, which publishes them itself: who hands one
in at the feed is refused with `board_only`. Words and formulas: docs/economics.md.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.event_base import BoardEvent, ProductEvent
from schemas.values import (
    Identifier,
    Moment,
    Period,
    Price,
    Quantity,
    Reason,
    Revision,
    Round,
)

MAX_POINTS = 32
"""Points of a schedule: a straight line between two of them is within 1 % of any smooth
answer over prices that differ a hundredfold."""

MAX_MEMBERS = 32
"""Companies of a joint bid, its own included; more of them are a vertical."""


class Point(
    msgspec.Struct,
    frozen=True,
    array_like=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """A point of a schedule, `["12.50", "300"]`: the quantity at a price."""

    price: Price
    quantity: Quantity


Schedule = Annotated[tuple[Point, ...], Meta(max_length=MAX_POINTS)]
"""
What a line says of other prices, straight between its points. Prices rise from point
to point; a bid's quantities do not fall, a plan line's do not rise. Below its first
point a bid makes nothing and a plan line wants the first quantity; beyond its last a
bid makes the last quantity and a plan line wants nothing.
"""


class PlanSubmitted(ProductEvent, frozen=True, kw_only=True, tag="plan"):
    """
    A plan line: the quantity wanted in a period, by a consumer or for a bid.

    Attributes:
        consumer_id: whose line it is; of an input, the company.
        period: when the units are wanted.
        quantity: units wanted at the announced price; 0 without a schedule withdraws
            the line.
        revision: a greater one replaces the line.
        council_id: the consumer's council, that is its neighbourhood.
        round: the round whose prices it answers; 0 before there are any.
        greatest_price: above it the line is denied.
        least_quantity: less than this is of no use: the line is denied instead.
        schedule: what is wanted at other prices; answers rounds without a person.
        priority: the greater, the more it is needed.
        when_denied: what becomes of a denied line's budget: `drop` leaves it on the
            planned card, `use_unplanned` moves it to the unplanned card.
        for_product_id: of an input, the product of the company's bid that needs it.
    """

    consumer_id: Identifier
    period: Period
    quantity: Quantity
    revision: Revision = 0
    council_id: Identifier | None = None
    round: Round = 0
    greatest_price: Price | None = None
    least_quantity: Quantity | None = None
    schedule: Schedule = ()
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    when_denied: Literal["drop", "use_unplanned"] = "drop"
    for_product_id: Identifier | None = None


class BidPlaced(ProductEvent, frozen=True, kw_only=True, tag="bid"):
    """
    A company's bid: the quantity it will make in a period.

    Attributes:
        company_id: whose bid it is.
        period: when the units will be made.
        quantity: units that it will make at the announced price; 0 without a schedule
            withdraws the bid.
        revision: a greater one replaces the bid, and voids its confirmations.
        team_id: the team (or firm) whose estimate it is, in the producers' tree.
        round: the round whose prices it answers; 0 before there are any.
        least_price: below it the company makes nothing.
        schedule: what it makes at other prices; answers rounds without a person.
        is_fixed: the quantity is simply there, whatever the price: land, hours.
        members: the companies of a joint bid, besides its own. It counts once each of
            them has confirmed this revision.
        delegate_id: who answers rounds for the company, its vertical for example.
    """

    company_id: Identifier
    period: Period
    quantity: Quantity
    revision: Revision = 0
    team_id: Identifier | None = None
    round: Round = 0
    least_price: Price | None = None
    schedule: Schedule = ()
    is_fixed: bool = False
    members: Annotated[tuple[Identifier, ...], Meta(max_length=MAX_MEMBERS - 1)] = ()
    delegate_id: Identifier | None = None


class BidConfirmed(ProductEvent, frozen=True, kw_only=True, tag="confirmation"):
    """
    A member's word that it takes part in a joint bid.

    Attributes:
        company_id: whose bid it is.
        member_id: who confirms; one of the bid's members.
        period: of the bid.
        revision: of the bid that is confirmed; no other.
    """

    company_id: Identifier
    member_id: Identifier
    period: Period
    revision: Revision


class PriceAnnounced(ProductEvent, frozen=True, kw_only=True, tag="announced_price"):
    """
    The board's price of a product for a round, and what it came from.

    Lines with limits or a schedule are answered for at this price at once.

    Attributes:
        announced_price: of one unit, before tax.
        round: counted from 1; a later one replaces it.
        supply, demand: planned S and D that it was computed from.
        position: offset in this partition's `bids` up to which they are complete;
            -1 if nothing was there.
        forecast_percent: the imbalance that the rule expects at this price.
        method: how it was found: `opening` prices are given, `shares` are solved from
            what the bids show, `sums` follow from sums alone, `bounded` are steps,
            `person` was set by one.
        flags: `no_bid`, `no_demand`: why the price stays although S and D differ.
        reason: why, in the board's words.
    """

    period: Period
    announced_price: Price
    round: Round
    supply: Quantity = Quantity("0")
    demand: Quantity = Quantity("0")
    position: Annotated[int, Meta(ge=-1)] = -1
    forecast_percent: Price | None = None
    method: Literal["opening", "shares", "sums", "bounded", "person"] = "opening"
    flags: Annotated[
        tuple[Literal["no_bid", "no_demand"], ...], Meta(max_length=2)
    ] = ()
    reason: Reason = ""


class PriceIndicated(ProductEvent, frozen=True, kw_only=True, tag="indicative_price"):
    """
    What the price rule would announce if the round ended now.

    Attributes:
        indicative_price: of one unit, before tax.
        round: in which it was computed.
        revision: counts such prices of a product in a period; the greatest stands.
    """

    period: Period
    indicative_price: Price
    round: Round
    revision: Revision


class PlannedPriceAnnounced(
    ProductEvent, frozen=True, kw_only=True, tag="planned_price"
):
    """
    The board's planned price of a product for a period: the last word of planning.

    Attributes:
        period: for when it stands.
        planned_price: of one unit, before tax.
        revision: the round that announced it; a greater one replaces it.
        reason: why, in the board's words.
        stands_from: from when on it counts, by the time of purchases; None from the
            period's begin. What was bought before keeps the price before.
    """

    period: Period
    planned_price: Price
    revision: Revision = 0
    reason: Reason = ""
    stands_from: Moment | None = None


class CouncilDecided(ProductEvent, frozen=True, kw_only=True, tag="decision"):
    """
    Whether a neighbourhood's lines of a product count, as all levels above it decided.

    Attributes:
        council_id: the neighbourhood, or the team of a bid.
        period: of the lines.
        counts: whether they do; until the first decision they do.
        revision: counts the decisions on these lines; the greatest stands.
        reason: which level decided, and why.
    """

    council_id: Identifier
    period: Period
    counts: bool
    revision: Revision
    reason: Reason = ""


class PeriodAnnounced(BoardEvent, frozen=True, kw_only=True, tag="period"):
    """
    The times of a period's planning. Written into every partition of its topic.

    From then on a line for a product without an announced price is refused with
    `unknown_product`.

    Attributes:
        period: that is planned.
        closes_at: when its gate closes: lines that reach Kafka later are refused with
            `gate_closed`. None while that is not set. It closes no earlier than this
            event reaches Kafka, and does not open again.
        revision: a greater one replaces it.
    """

    period: Period
    closes_at: Moment | None = None
    revision: Revision = 0
