"""
PURE. What a line says at a price: its quantity, its schedule, its limits.

    no price announced        the quantity
    is_fixed                  the quantity, whatever the price
    a schedule                straight between its points
    a limit broken            nothing; the line is denied

Source: docs/economics.md, Planning. A line that lies between two points is rounded
here and nowhere else, to micro-units, ties to even.
"""

from bisect import bisect_right
from decimal import ROUND_HALF_EVEN, Context, Decimal
from operator import itemgetter
from typing import Final, Literal

from schemas.planning import BidPlaced, PlanSubmitted, Schedule
from schemas.rows import ZERO, Terms

Side = Literal["bid", "plan"]
"""Which of the two a line is."""

# A product of two differences has 38 digits at most. The quotient lies no nearer to a
# tie than 10**-26, so that with 80 digits it is rounded once.
_RATIO: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)
_MICRO: Final = Decimal("0.000001")
_price_of = itemgetter(0)


def answer(
    quantity: Decimal, terms: Terms | None, side: Side, price: Decimal | None
) -> Decimal:
    """
    Return the units that a line comes to.

    Args:
        quantity: of the line, as it was handed in.
        terms: its limits and schedule; None without any.
        side: bid or plan line.
        price: the planned or announced price of its product and period; None before
            there is one.
    """
    if terms is None or price is None or terms.is_fixed:
        return quantity
    wanted = _wanted(quantity, terms, side, price)
    return ZERO if _breaks_limit(wanted, terms, side, price) else wanted


def denied_quantity(
    quantity: Decimal, terms: Terms | None, side: Side, price: Decimal | None
) -> Decimal:
    """
    Return the units that a line wants and its own limits deny it.

    Returns:
        0 for a line that is not denied, or wants nothing at this price.
    """
    if terms is None or price is None or terms.is_fixed:
        return ZERO
    wanted = _wanted(quantity, terms, side, price)
    return wanted if _breaks_limit(wanted, terms, side, price) else ZERO


def terms_of_bid(event: BidPlaced) -> Terms | None:
    """Return a bid's limits and schedule; None if it has nothing but a quantity."""
    if not (
        event.schedule
        or event.least_price is not None
        or event.is_fixed
        or event.members
        or event.delegate_id is not None
    ):
        return None
    least = event.least_price
    return Terms(
        limit=None if least is None else ZERO + least,
        schedule=_plain(event.schedule),
        is_fixed=event.is_fixed,
        members=event.members,
        delegate_id=event.delegate_id,
    )


def terms_of_plan(event: PlanSubmitted) -> Terms | None:
    """Return a plan line's limits and schedule; None if it has only a quantity."""
    greatest, least = event.greatest_price, event.least_quantity
    if not (
        event.schedule
        or greatest is not None
        or least is not None
        or event.priority
        or event.when_denied != "drop"
    ):
        return None
    return Terms(
        limit=None if greatest is None else ZERO + greatest,
        least_quantity=None if least is None else ZERO + least,
        schedule=_plain(event.schedule),
        priority=event.priority,
        when_denied=event.when_denied,
    )


def _plain(schedule: Schedule) -> tuple[tuple[Decimal, Decimal], ...]:
    # + makes plain Decimals of the value types, exactly in the batch's context.
    return tuple([(+point.price, +point.quantity) for point in schedule])


def _wanted(quantity: Decimal, terms: Terms, side: Side, price: Decimal) -> Decimal:
    # What the line says of the price, its limits apart.
    schedule = terms.schedule
    if not schedule:
        return quantity
    after = bisect_right(schedule, price, key=_price_of)
    if after == 0:
        return ZERO if side == "bid" else schedule[0][1]
    low_price, low = schedule[after - 1]
    if price == low_price:
        return low
    if after == len(schedule):
        return low if side == "bid" else ZERO
    high_price, high = schedule[after]
    if low == high:
        return low
    step = _RATIO.divide(
        _RATIO.multiply(_RATIO.subtract(high, low), _RATIO.subtract(price, low_price)),
        _RATIO.subtract(high_price, low_price),
    )
    return _RATIO.add(low, step).quantize(_MICRO, context=_RATIO)


def _breaks_limit(wanted: Decimal, terms: Terms, side: Side, price: Decimal) -> bool:
    limit = terms.limit
    if limit is not None and (price < limit if side == "bid" else price > limit):
        return True
    return terms.least_quantity is not None and wanted < terms.least_quantity
