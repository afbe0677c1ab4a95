"""
PURE. What people ask of the ledger while a period trades, and after it.

Budgets, purchases to be authorised, requested rebids and their answers, the terms of
trade, the end of trading and corrections lie in one topic, `requests`. The ledger takes
each once and answers it with a row of `decisions`. What follows from it is said by the
ledger alone: an authorised purchase in `purchases`, a new planned price and the end of
trading in `board`. Words and formulas: docs/economics.md, Trading and Settlement.
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
)


class BudgetSet(BoardEvent, frozen=True, kw_only=True, tag="budget"):
    """
    A consumer's income of a period, and how it is divided between the two cards.

    Attributes:
        income: money of the period, B.
        unplanned_share: w, the part of it on the unplanned card, within the window of
            the period's terms; None for the least of the window.
        council_id: the council whose pool pays the consumer's unplanned purchases.
        revision: a greater one replaces it.
    """

    consumer_id: Identifier
    period: Period
    income: Quantity
    unplanned_share: Quantity | None = None
    council_id: Identifier | None = None
    revision: Revision = 0


class PurchaseRequested(BoardEvent, frozen=True, kw_only=True, tag="request"):
    """
    A purchase at the till, to be authorised before it happens.

    Approved, it becomes a `purchase` with the same event_id: what is left of the
    consumer's plan line at the planned price, the rest at the company's own.

    Attributes:
        quantity: units wanted; all of them are approved, or none.
        use: `planned` takes from the plan line only, `unplanned` leaves the line alone,
            `any` takes what is left of the line first.
        greatest_price: declined if a unit of the unplanned part costs more than that,
            before tax.
    """

    consumer_id: Identifier
    product_id: Identifier
    company_id: Identifier
    quantity: PositiveQuantity
    use: Literal["any", "planned", "unplanned"] = "any"
    greatest_price: Quantity | None = None


class TermsSet(BoardEvent, frozen=True, kw_only=True, tag="terms"):
    """
    The terms of trade from a period on, until the next that are set.

    Attributes:
        planned_tax, unplanned_tax: the rates a and b, as parts of 1 (P-8). Half falls
            on the buyer, half on the seller.
        pass_through: c, the part of the post-sale adjustment that companies bear.
        decimals: of the currency's smallest unit: 2 for cents.
        least_share, greatest_share: the board's window for w; never 0 (P-7).
        pace_percent: from that pace on an alert stands and a rebid may be requested.
        rebid_percent: how far the board's automatic answer may move a planned price,
            either way; 0 leaves answers to a person.
        revision: a greater one replaces it, until a purchase of the period is taken.
    """

    period: Period
    planned_tax: Quantity = Quantity("0.05")
    unplanned_tax: Quantity = Quantity("0.15")
    pass_through: Quantity = Quantity("0.5")
    decimals: Annotated[int, Meta(ge=0, le=6)] = 2
    least_share: PositiveQuantity = PositiveQuantity("0.1")
    greatest_share: PositiveQuantity = PositiveQuantity("0.5")
    pace_percent: PositiveQuantity = PositiveQuantity("120")
    rebid_percent: Quantity = Quantity("0")
    revision: Revision = 0


class RebidRequested(BoardEvent, frozen=True, kw_only=True, tag="rebid_request"):
    """
    A company asks for a new planned price, since unplanned demand outruns the plan.

    Attributes:
        company_id: who asks; it has a bid or an unplanned price for the product.
        reason: for everybody to read.
    """

    company_id: Identifier
    product_id: Identifier
    period: Period
    reason: Reason = ""


class RebidAnswered(BoardEvent, frozen=True, kw_only=True, tag="rebid_answer"):
    """
    The board's answer to a requested rebid, by a person.

    Attributes:
        planned_price: for the rest of the period; None declines.
        stands_from: from when on it counts, by the time of purchases; None for the
            newest time that the ledger has seen of the product. What was bought before
            stays as it was.
        reason: for everybody to read.
    """

    product_id: Identifier
    period: Period
    planned_price: PositiveQuantity | None = None
    stands_from: Moment | None = None
    reason: Reason = ""


class PeriodClosed(BoardEvent, frozen=True, kw_only=True, tag="close"):
    """Trading of a period ends: it is settled, and later events are refused."""

    period: Period
    reason: Reason = ""


class CorrectionRequested(BoardEvent, frozen=True, kw_only=True, tag="correction"):
    """
    A settled period is settled anew with what came too late for it.

    The new statements name those that they correct; nothing settled is rewritten.
    """

    period: Period
    reason: Reason = ""


RequestEvent = (
    BudgetSet
    | PurchaseRequested
    | TermsSet
    | RebidRequested
    | RebidAnswered
    | PeriodClosed
    | CorrectionRequested
)
"""What the topic `requests` carries."""


class TradingEnded(BoardEvent, frozen=True, kw_only=True, tag="trading_end"):
    """
    The ledger's word that a period is closed. Written into every partition of `board`.

    A worker that has taken it refuses what comes later for the period with
    `period_settled`, and says where in each topic that was.
    """

    period: Period
