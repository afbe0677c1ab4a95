"""
PURE. The events of trading, and the union of all events.

Purchases, production and companies' own prices stand here; planning has its events in
`schemas/planning.py`, the board's agenda in `schemas/agenda.py`, what is asked of the
ledger in `schemas/trading.py`.
"""

from schemas.agenda import AgendaEvent
from schemas.event_base import ProductEvent
from schemas.planning import (
    BidConfirmed,
    BidPlaced,
    CouncilDecided,
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PlanSubmitted,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.trading import RequestEvent, TradingEnded
from schemas.values import Identifier, PositiveQuantity, Price, Quantity


class PurchaseRecorded(ProductEvent, frozen=True, kw_only=True, tag="purchase"):
    """
    A sale that happened.

    Attributes:
        company_id: who sold.
        consumer_id: who bought; None where the shop does not know.
        quantity: units sold.
        unit_price: what one unit cost the buyer before tax.
        planned_quantity: how many of the units fulfil a plan line; the rest is an
            unplanned purchase. 0 to `quantity`.
    """

    company_id: Identifier
    quantity: PositiveQuantity
    unit_price: Price
    planned_quantity: Quantity = Quantity("0")
    consumer_id: Identifier | None = None


class PurchaseCancelled(ProductEvent, frozen=True, kw_only=True, tag="cancellation"):
    """
    Units given back. Counts in the period in which they were given back.

    Attributes:
        company_id: who had sold them.
        consumer_id: who gives them back; None where the shop does not know.
        quantity: units given back.
        unit_price: what was paid back per unit.
        planned_quantity: how many of them had fulfilled a plan line.
        cancels: the event_id of the purchase, where it is known.
    """

    company_id: Identifier
    quantity: PositiveQuantity
    unit_price: Price
    planned_quantity: Quantity = Quantity("0")
    consumer_id: Identifier | None = None
    cancels: Identifier | None = None


class ProductionReported(ProductEvent, frozen=True, kw_only=True, tag="production"):
    """
    Units that a company has really made, over and above earlier reports.

    Attributes:
        company_id: who made them.
        quantity: units made since its report before.
        unit_cost: what one of them cost it; None if it does not say. The board alone
            learns who cannot afford the planned price (P-10).
    """

    company_id: Identifier
    quantity: PositiveQuantity
    unit_cost: Quantity | None = None


class UnplannedPricePosted(ProductEvent, frozen=True, kw_only=True, tag="price"):
    """
    A company's own unplanned price. It stands from `occurred_at` until its next one.

    The planned price is not a company's to set: the board announces it.

    Attributes:
        company_id: who asks it.
        unplanned_price: what it asks for a unit outside of the plan, before tax.
    """

    company_id: Identifier
    unplanned_price: Price


MarketEvent = (
    PurchaseRecorded
    | PurchaseCancelled
    | PlanSubmitted
    | BidPlaced
    | BidConfirmed
    | ProductionReported
    | UnplannedPricePosted
    | PriceAnnounced
    | PriceIndicated
    | PlannedPriceAnnounced
    | CouncilDecided
)
"""What is folded into the row of a product."""

Event = MarketEvent | PeriodAnnounced | TradingEnded | AgendaEvent | RequestEvent
