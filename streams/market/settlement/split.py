"""
PURE. Which units of a purchase fulfil a plan line: the one canonical split.

Of one consumer and product in one period, docs/settlement.md:

1. Authorised purchases come first, each with the split that was approved for it.
2. All others follow in the order of (occurred_at, event_id). A purchase that claims
   planned units gets of them what is left of the plan line; its other units are
   unplanned. A cancellation gives back planned units as it claims, at most those that
   were bought planned before it in this order, and they may be bought under the plan
   again; its other units are unplanned.
3. While the product has no planned price nothing is planned.

So what comes out is a function of which events there are; in which order they came
does not show.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.events import PurchaseCancelled, PurchaseRecorded
from schemas.rows import ZERO
from streams.market.settlement.prices import PlannedPrices


class Trade(msgspec.Struct, frozen=True, gc=False):
    """
    What of a purchase or a cancellation is kept.

    Attributes:
        consumer_id: who bought; None where the shop does not know.
        quantity: units bought; below zero those given back.
        unit_price: of an unplanned unit, before tax.
        claimed: how many units it says are planned; never below zero.
    """

    event_id: str
    occurred_at: datetime
    company_id: str
    consumer_id: str | None
    quantity: Decimal
    unit_price: Decimal
    claimed: Decimal


class Split(NamedTuple):
    """
    A trade's units, as they are paid for. Units given back are below zero.

    Attributes:
        planned: units that fulfil the plan line, paid at the planned price.
        unplanned: the others, paid at the trade's unit price.
        planned_price: at the trade's moment; None while there is none.
    """

    trade: Trade
    planned: Decimal
    unplanned: Decimal
    planned_price: Decimal | None


def trade_of(
    event: PurchaseRecorded | PurchaseCancelled, names: dict[str, str] | None = None
) -> Trade:
    """
    Return what of an event is kept.

    Args:
        event: an accepted one.
        names: one text of each company and consumer, for those who keep many trades;
            new ones are added.
    """
    company_id, consumer_id = event.company_id, event.consumer_id
    if names is not None:
        company_id = names.setdefault(company_id, company_id)
        if consumer_id is not None:
            consumer_id = names.setdefault(consumer_id, consumer_id)
    quantity = event.quantity
    # The numbers are the event's own objects, which the decoder shares among events: a
    # plain Decimal of each would be half of what a book holds.
    return Trade(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        company_id=company_id,
        consumer_id=consumer_id,
        quantity=-quantity if isinstance(event, PurchaseCancelled) else quantity,
        unit_price=event.unit_price,
        claimed=event.planned_quantity,
    )


def split_purchases(
    trades: Iterable[Trade],
    *,
    line: Decimal,
    prices: PlannedPrices,
    authorised: Mapping[str, Decimal],
) -> list[Split]:
    """
    Split all trades of one consumer and product in one period.

    Args:
        trades: in any order, each once. Those of buyers that nobody knows are split
            together, with a line of 0.
        line: units of the consumer's plan lines that count at the planned price; the
            inputs of a company's bids add up to one line.
        prices: of the product.
        authorised: the planned quantity that was approved, by event_id; may hold those
            of other consumers too.

    Returns:
        The authorised ones, then the others, each in the order of (occurred_at,
        event_id).
    """
    in_order = sorted(trades, key=lambda trade: (trade.occurred_at, trade.event_id))
    approved = [trade for trade in in_order if trade.event_id in authorised]
    splits = []
    bought = ZERO  # planned units, less those given back
    for trade in approved:
        price = prices.at(trade.occurred_at)
        planned = ZERO if price is None else authorised[trade.event_id]
        bought += planned
        splits.append(Split(trade, planned, trade.quantity - planned, price))
    for trade in in_order:
        if trade.event_id in authorised:
            continue
        price = prices.at(trade.occurred_at)
        planned = ZERO
        if trade.claimed and price is not None:
            if trade.quantity > 0:
                # The sum with a value type is a plain Decimal.
                planned = ZERO + min(trade.claimed, max(ZERO, line - bought))
            else:
                planned = -min(trade.claimed, bought)
            bought += planned
        splits.append(Split(trade, planned, trade.quantity - planned, price))
    return splits
