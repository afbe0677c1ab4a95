"""
PURE. The agenda: what people ask of the board and say in councils.

The board is one process; it takes these in their order, refuses what does not fit with
a code, and answers with the events of `schemas/planning.py` and with rows of the feed.
Words: docs/economics.md.
"""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.event_base import BoardEvent
from schemas.values import (
    Identifier,
    Moment,
    Period,
    PositiveQuantity,
    Quantity,
    Reason,
    Revision,
    Round,
)

Level = Literal[
    "neighbourhood",
    "city",
    "state",
    "federation",
    "team",
    "firm",
    "vertical",
    "industry",
]
"""Of a council: the consumers' four from below, then the producers' four."""

MAX_SIGNERS = 100
"""Of a council; more people than that elect some."""


class ProductListed(BoardEvent, frozen=True, kw_only=True, tag="listing"):
    """
    A product that is planned in a period, and the price that planning starts from.

    Attributes:
        start_price: above 0.
        revision: a greater one replaces it; after the opening none is taken.
    """

    product_id: Identifier
    period: Period
    start_price: PositiveQuantity
    revision: Revision = 0


class PeriodOpened(BoardEvent, frozen=True, kw_only=True, tag="opening"):
    """
    Planning of a period begins: round 1 is announced for all products listed.

    Attributes:
        round_s: seconds that a round waits for those who must answer; None for as
            long as it takes.
        quiet_s: a round ends early when all who must answer have, and no line has
            come for so long. In the first round nobody is known yet who must.
        closes_at: when the gate closes at the latest; None leaves it to the board.
        tolerance_percent: prices stand once every imbalance is smaller, either way.
        max_rounds: after that many the board asks a person.
        is_automatic: whether the board announces rounds and closes the gate by itself
            (P-8); otherwise it waits for `announcement` and `gate`.
        people_least: public sums of fewer people are withheld.
    """

    period: Period
    round_s: Annotated[float, Meta(gt=0, le=604_800)] | None = None
    quiet_s: Annotated[float, Meta(gt=0, le=604_800)] = 1.0
    closes_at: Moment | None = None
    tolerance_percent: Annotated[float, Meta(gt=0, le=100)] = 3.0
    max_rounds: Annotated[int, Meta(ge=1, le=100)] = 20
    is_automatic: bool = True
    people_least: Annotated[int, Meta(ge=1, le=1_000)] = 5


class RoundAnnounced(BoardEvent, frozen=True, kw_only=True, tag="announcement"):
    """
    A person ends the round that runs: its prices stand, or a rebid is asked for.

    Attributes:
        round: the one that ends; another is refused with `stale_round`.
        rebid: whether to announce new prices; otherwise those announced become the
            planned prices, which closes the gate.
        reason: for everybody to read.
    """

    period: Period
    round: Round
    rebid: bool
    reason: Reason = ""


class PriceSet(BoardEvent, frozen=True, kw_only=True, tag="set_price"):
    """
    A person's price for a product, announced with the next round instead of the rule's.

    Attributes:
        price: above 0.
        round: the round that runs; another is refused with `stale_round`.
        reason: for everybody to read.
    """

    product_id: Identifier
    period: Period
    round: Round
    price: PositiveQuantity
    reason: Reason = ""


class GateClosed(BoardEvent, frozen=True, kw_only=True, tag="gate"):
    """A person closes the gate of a period now. Later lines are refused."""

    period: Period
    reason: Reason = ""


class CouncilFormed(BoardEvent, frozen=True, kw_only=True, tag="council"):
    """
    A council and its place in the tree.

    Attributes:
        council_id: its name; never a person's.
        level: of the tree.
        parent_id: the council one level up; None for the highest there is.
        signers: who may sign for it.
        signatures: how many of them a decision takes (k of n).
        threshold: a product's line passes by itself up to this quantity; None for
            every quantity.
        revision: a greater one replaces it.
    """

    council_id: Identifier
    level: Level
    parent_id: Identifier | None = None
    signers: Annotated[tuple[Identifier, ...], Meta(max_length=MAX_SIGNERS)] = ()
    signatures: Annotated[int, Meta(ge=0, le=MAX_SIGNERS)] = 0
    threshold: Quantity | None = None
    revision: Revision = 0


class CouncilSigned(BoardEvent, frozen=True, kw_only=True, tag="signature"):
    """
    A signature under a council's decision on a product's line.

    Attributes:
        vote: approve the line, or veto it: a veto takes what lies below out of D.
        signer_id: one of the council's signers; anybody else is refused.
        reason: for the council to read.
        quantity: of an approval, up to which it goes and no further;
            None for whatever is asked until the gate closes.
    """

    council_id: Identifier
    period: Period
    product_id: Identifier
    vote: Literal["approve", "veto"]
    signer_id: Identifier
    reason: Reason = ""
    quantity: PositiveQuantity | None = None


AgendaEvent = (
    ProductListed
    | PeriodOpened
    | RoundAnnounced
    | PriceSet
    | GateClosed
    | CouncilFormed
    | CouncilSigned
)
