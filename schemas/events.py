"""
PURE. The events that producers, consumers, shops and the board send.

One frozen struct per kind, told apart by `type`. Fields are only ever added, with
defaults; a tag never changes. Every event has an `event_id` and counts once, however
often it is sent; it is keyed by its product. Words and formulas: docs/economics.md.
"""

import msgspec

from schemas.values import (
    Identifier,
    Moment,
    Period,
    PositiveQuantity,
    Price,
    Quantity,
    Reason,
    Revision,
)


class EventBase(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    # Events hold no containers, so there are no cycles for the collector to look for;
    # looking took a quarter of the fold's time.
    gc=False,
):
    """
    What all events share.

    Attributes:
        event_id: names this event for good. An event that is sent again under its id
            counts once; a corrected event needs a new id.
        product_id: what it is about; the key of its record.
        occurred_at: when it happened at its origin, with an offset from UTC.
    """

    event_id: Identifier
    product_id: Identifier
    occurred_at: Moment


class PurchaseRecorded(EventBase, frozen=True, kw_only=True, tag="purchase"):
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


class PurchaseCancelled(EventBase, frozen=True, kw_only=True, tag="cancellation"):
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


class PlanSubmitted(EventBase, frozen=True, kw_only=True, tag="plan"):
    """
    A consumer's plan line: the quantity wanted in a period.

    Attributes:
        consumer_id: whose line it is.
        period: when the units are wanted.
        quantity: units wanted at the announced price; 0 withdraws the line.
        revision: a greater one replaces the line.
    """

    consumer_id: Identifier
    period: Period
    quantity: Quantity
    revision: Revision = 0


class BidPlaced(EventBase, frozen=True, kw_only=True, tag="bid"):
    """
    A company's bid: the quantity it will make in a period.

    Attributes:
        company_id: whose bid it is.
        period: when the units will be made.
        quantity: units that it will make at the announced price; 0 withdraws the bid.
        revision: a greater one replaces the bid.
    """

    company_id: Identifier
    period: Period
    quantity: Quantity
    revision: Revision = 0


class ProductionReported(EventBase, frozen=True, kw_only=True, tag="production"):
    """
    Units that a company has really made, over and above earlier reports.

    Attributes:
        company_id: who made them.
        quantity: units made since its report before.
    """

    company_id: Identifier
    quantity: PositiveQuantity


class UnplannedPricePosted(EventBase, frozen=True, kw_only=True, tag="price"):
    """
    A company's own unplanned price. It stands from `occurred_at` until its next one.

    The planned price is not a company's to set: the board announces it.

    Attributes:
        company_id: who asks it.
        unplanned_price: what it asks for a unit outside of the plan, before tax.
    """

    company_id: Identifier
    unplanned_price: Price


class PlannedPriceAnnounced(EventBase, frozen=True, kw_only=True, tag="planned_price"):
    """
    The board's planned price of a product for a period.

    Attributes:
        period: for when it stands.
        planned_price: of one unit, before tax.
        revision: the round that announced it; a greater one replaces it.
        reason: why, in the board's words.
    """

    period: Period
    planned_price: Price
    revision: Revision = 0
    reason: Reason = ""


Event = (
    PurchaseRecorded
    | PurchaseCancelled
    | PlanSubmitted
    | BidPlaced
    | ProductionReported
    | UnplannedPricePosted
    | PlannedPriceAnnounced
)
