"""
PURE. What the board says, made of what it knows: events for the topic `board`, rounds'
rows for the feed.

A binary price of the rule is rounded to the wire's decimals here and nowhere else. No
reason names a party other than a product.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.planning import (
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.values import MAX_AMOUNT, Period, Price, Quantity
from streams.market.planning.book import Sums
from streams.market.planning.event_ids import event_id
from streams.market.planning.period import PeriodPlan

_LEAST_PRICE: Final = Decimal("0.000001")
"""The least price above 0 that the wire holds."""

_SIXTH: Final = Decimal("0.000001")
_CENT: Final = Decimal("0.01")

MOVED: Final = 0.001
"""An indicative price that differs by less than 0.1 % is not published: nobody would
act otherwise, and every one is an event of the board for ever."""


class Proposal(NamedTuple):
    """
    What the rule would announce for a product.

    Attributes:
        price: of one unit.
        forecast_percent: the imbalance expected at it.
        method: by which it was found.
        flags: why the price stays although S and D differ.
    """

    price: float
    forecast_percent: float
    method: str
    flags: tuple[str, ...]


def moment(seconds: float) -> datetime:
    """Return the time, in UTC, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def percent_of(value: float) -> Decimal:
    """Return a percentage as it is shown: two decimal places."""
    return Decimal(f"{value:.2f}") + Decimal("0.00")


def price_of(value: float) -> Price:
    """Return a price of the rule as it is announced: above 0, six decimal places."""
    exact = Decimal(value).quantize(_SIXTH) if value < float(MAX_AMOUNT) else MAX_AMOUNT
    return Price(f"{max(_LEAST_PRICE, exact):f}")


def quantity_of(amount: Decimal) -> Quantity:
    """Return a sum as it is announced: at most the wire's largest quantity."""
    return Quantity(f"{min(amount, MAX_AMOUNT):f}")


def opening_prices(plan: PeriodPlan) -> list[PriceAnnounced]:
    """Return round 1: the start prices of all products listed."""
    return [
        PriceAnnounced(
            event_id=event_id(plan.period, 1, product_id),
            occurred_at=moment(plan.opened_at),
            product_id=product_id,
            period=Period(plan.period),
            announced_price=Price(f"{price:f}"),
            round=1,
            reason="Planning begins at the price listed.",
        )
        for product_id, price in sorted(plan.prices.items())
    ]


def rebid(
    plan: PeriodPlan,
    proposals: Mapping[str, Proposal],
    sums: Callable[[str], Sums],
    position: Callable[[str], int],
    now: float,
) -> list[PriceAnnounced]:
    """
    Return the next round's prices; the plan is still in the round that is over.

    Args:
        plan: of the period.
        proposals: what the rule found, by product.
        sums: S and D of a product at the prices of the round that is over.
        position: the offset in `bids` up to which a product's sums are complete.
        now: seconds since 1970.
    """
    round_ = plan.round + 1
    events = []
    for product_id, proposal in sorted(proposals.items()):
        of = sums(product_id)
        by_person = plan.set_prices.get(product_id)
        price = by_person.price if by_person else price_of(proposal.price)
        events.append(
            PriceAnnounced(
                event_id=event_id(plan.period, round_, product_id),
                occurred_at=moment(now),
                product_id=product_id,
                period=Period(plan.period),
                announced_price=Price(f"{price:f}"),
                round=round_,
                supply=quantity_of(of.supply),
                demand=quantity_of(of.demand),
                position=position(product_id),
                forecast_percent=None
                if by_person
                else Price(str(percent_of(proposal.forecast_percent))),
                method="person" if by_person else proposal.method,  # type: ignore[arg-type]  # the rule's methods are the event's
                flags=proposal.flags,  # type: ignore[arg-type]  # likewise
                reason=(by_person.reason or "A person set it.")
                if by_person
                else _reason(of, proposal, plan.forced),
            )
        )
    return events


def planned_prices(
    plan: PeriodPlan, reason: str, now: float
) -> list[PlannedPriceAnnounced]:
    """Return the prices of the last round as planned prices."""
    return [
        PlannedPriceAnnounced(
            event_id=event_id(plan.period, "planned", product_id),
            occurred_at=moment(now),
            product_id=product_id,
            period=Period(plan.period),
            planned_price=Price(f"{price:f}"),
            revision=plan.round,
            reason=reason,
        )
        for product_id, price in sorted(plan.prices.items())
    ]


def indicated(
    plan: PeriodPlan,
    proposals: Mapping[str, Proposal],
    shown: Mapping[str, float],
    revision: int,
    now: float,
) -> list[PriceIndicated]:
    """
    Return the indicative prices that have moved.

    Args:
        plan: of the period.
        proposals: what the rule would announce now, by product.
        shown: what was published last, by product.
        revision: greater than that of any published before.
        now: seconds since 1970.
    """
    events = []
    for product_id, proposal in sorted(proposals.items()):
        before = shown.get(product_id, float(plan.prices[product_id]))
        if abs(proposal.price - before) <= MOVED * before:
            continue
        events.append(
            PriceIndicated(
                event_id=event_id(plan.period, plan.round, f"i{revision}", product_id),
                occurred_at=moment(now),
                product_id=product_id,
                period=Period(plan.period),
                indicative_price=price_of(proposal.price),
                round=plan.round,
                revision=revision,
            )
        )
    return events


def times(plan: PeriodPlan, now: float) -> PeriodAnnounced:
    """Return the period's times, for every partition."""
    return PeriodAnnounced(
        event_id=event_id(plan.period, "times", plan.notices),
        occurred_at=moment(now),
        period=Period(plan.period),
        closes_at=None if plan.closes_at is None else moment(plan.closes_at),
        revision=plan.notices,
    )


def _reason(of: Sums, proposal: Proposal, forced: str | None) -> str:
    if "no_bid" in proposal.flags:
        return "Nobody bids; the price stays."
    if "no_demand" in proposal.flags:
        return "Nobody wants it; the price stays."
    total = of.supply + of.demand
    if not total:
        return "Nothing is bid or planned; the price stays."
    imbalance = percent_of(float(200 * (of.supply - of.demand) / total))
    side = "Supply" if imbalance >= 0 else "Demand"
    expected = percent_of(proposal.forecast_percent)
    text = f"{side} is larger by {abs(imbalance)} %; {expected} % is expected."
    return f"{forced} {text}"[:1000] if forced else text
