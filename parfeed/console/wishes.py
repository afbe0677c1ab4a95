"""
PURE. What is typed into the console's forms, made events.

A wish is checked while it is typed and becomes an event once it is confirmed.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from parfeed.console.economics import bounds
from parfeed.console.errors import Unfit
from parfeed.planning import cells
from parfeed.planning.bids import Bid, bid_events
from parfeed.planning.errors import UnfitCell
from parfeed.planning.said import Said
from schemas.event_base import EventBase
from schemas.events import UnplannedPricePosted
from schemas.values import Period, Price, Quantity

T = TypeVar("T")


def read_price(text: str) -> Price:
    """
    Read an unplanned price.

    Raises:
        Unfit: if it is none.
    """
    return _read(cells.price, text)


def read_quantity(text: str) -> Quantity:
    """
    Read units of a bid; 0 withdraws it.

    Raises:
        Unfit: if they are none.
    """
    return _read(cells.quantity, text)


def price_event(
    said: Said, company_id: str, product_id: str, price: Price
) -> EventBase:
    """Return the event that posts a company's unplanned price."""
    return UnplannedPricePosted(
        event_id=said.new_id(),
        product_id=product_id,
        occurred_at=said.at,
        company_id=company_id,
        unplanned_price=price,
    )


def bid_event(
    said: Said,
    company_id: str,
    product_id: str,
    period: str,
    quantity: Quantity,
    round_: int,
) -> EventBase:
    """
    Return the event that places a company's bid.

    Args:
        said: when, and under which id.
        company_id: who bids.
        product_id: what it will make.
        period: when.
        quantity: units.
        round_: whose prices it answers; 0 before there are any.
    """
    bid = Bid(
        product_id=product_id,
        quantity=quantity,
        company_id=company_id,
        period=Period(period),
    )
    [event] = bid_events([bid], said, {(product_id, period): round_})
    return event


def _read(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text.strip())
    except UnfitCell as exc:
        raise Unfit(str(exc)) from exc


def amount_of(text: str, read: Callable[[str], Decimal]) -> Decimal | None:
    """Return what was typed so far, or None while it does not fit."""
    try:
        return read(text)
    except Unfit:
        return None


def price_time(period: str, now: datetime, market_at: datetime | None) -> datetime:
    """
    Return when a price that is posted now counts.

    A price stands in the period that its time lies in. A market that is replayed has
    a time of its own, that of its newest event.

    Args:
        period: that the console shows.
        now: the time.
        market_at: the market's newest event's time; None while there is none.

    Raises:
        Unfit: if the period is not the one that trades.
    """
    begin, end = bounds(period)
    for moment in (now, market_at):
        if moment is not None and begin <= moment < end:
            return moment
    word = "has not begun" if begin > max(now, market_at or now) else "does not trade"
    raise Unfit(
        f"{period} {word}: a price stands in the period that trades; press [ or ]"
    )
